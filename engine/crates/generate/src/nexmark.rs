//! NEXMARK's auction site, after the generator of Beam and Flink: of 50 events one is a person, three are auctions and
//! 46 are bids; half of the bids go to the newest hot auction, three quarters come from a hot bidder. Every event is
//! seeded by its own number: a shorter stream is the beginning of a longer one.

use crate::EventSink;
use crate::random::Random;
use tidewire_row::{Datum, push_datum};

/// The tables, in the order of [`EventSink::row`]'s numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// id, name, email_address, credit_card, city, state, date_time, extra.
    Person = 0,
    /// id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra.
    Auction = 1,
    /// auction, bidder, price, channel, url, date_time, extra.
    Bid = 2,
}

/// A stream of events.
#[derive(Clone, Copy, Debug)]
pub struct Nexmark {
    seed: u64,
    events_per_second: u64,
}

const CITIES: [&str; 10] = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];
const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const FIRST_NAMES: [&str; 11] =
    ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES: [&str; 9] =
    ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
/// Hot channels and how their URLs call them.
const CHANNELS: [(&str, &str); 4] =
    [("Google", "googl"), ("Facebook", "faceb"), ("Baidu", "baidu"), ("Apple", "apple")];

/// 2026-01-01 in milliseconds since 2000-01-01, PostgreSQL's epoch.
const START: u64 = 9497 * 86_400_000;
/// Ids start here.
const FIRST_ID: u64 = 1000;
const PEOPLE_IN_PLAY: u64 = 1000;
const AUCTIONS_IN_FLIGHT: u64 = 100;
/// How far ids may run ahead of what was generated.
const LEAD: u64 = 10;

impl Nexmark {
    /// The stream of a seed; seed 1 is the reference data. `events_per_second` is the rate of the events' own time,
    /// which has nothing to do with how fast they are made.
    pub fn new(seed: u64, events_per_second: u64) -> Self {
        Nexmark { seed, events_per_second: events_per_second.max(1) }
    }

    /// Rows of the events `[from, from + count)`. `wanted` says which tables anybody reads.
    pub fn generate(&self, from: u64, count: u64, wanted: [bool; 3], sink: &mut impl EventSink) {
        let mut buffers = Buffers::default();
        for event in from..from.saturating_add(count) {
            let table = match event % 50 {
                0 => Table::Person,
                1..=3 => Table::Auction,
                _ => Table::Bid,
            };
            if !wanted[table as usize] {
                continue;
            }
            buffers.clear();
            // Each event has its own seed, and seed 1 leaves it as it is.
            let stream = self.seed.wrapping_sub(1).wrapping_mul(0xA24B_AED4_963E_E407);
            let mut random = Random::new((event + 1) ^ stream);
            match table {
                Table::Person => self.person(event, &mut random, &mut buffers),
                Table::Auction => self.auction(event, &mut random, &mut buffers),
                Table::Bid => self.bid(event, &mut random, &mut buffers),
            }
            sink.row(table as usize, &buffers.row);
        }
    }

    /// An event's time in milliseconds.
    fn time(&self, event: u64) -> u64 {
        START + (u128::from(event) * 1_000_000 / u128::from(self.events_per_second) / 1000) as u64
    }

    fn person(&self, event: u64, random: &mut Random, buffers: &mut Buffers) {
        use std::fmt::Write;
        let Buffers { row, a: name, b: mail, c: card, extra } = buffers;
        let first = random.choose(&FIRST_NAMES);
        let last = random.choose(&LAST_NAMES);
        let _ = write!(name, "{first} {last}");
        random.word(7, mail);
        mail.push('@');
        random.word(5, mail);
        mail.push_str(".com");
        for i in 0..4 {
            let _ = write!(card, "{}{:04}", if i == 0 { "" } else { " " }, random.below(10_000));
        }
        let city = *random.choose(&CITIES);
        let state = *random.choose(&STATES);
        let size = 8 + name.len() + mail.len() + card.len() + city.len() + state.len();
        random.padding(size as u64, 200, extra);
        push_id(row, last_person(event) + FIRST_ID);
        push_datum(row, Datum::Text(name));
        push_datum(row, Datum::Text(mail));
        push_datum(row, Datum::Text(card));
        push_datum(row, Datum::Text(city));
        push_datum(row, Datum::Text(state));
        push_time(row, self.time(event));
        push_datum(row, Datum::Text(extra));
    }

    fn auction(&self, event: u64, random: &mut Random, buffers: &mut Buffers) {
        let Buffers { row, a: item, b: description, extra, .. } = buffers;
        let now = self.time(event);
        let seller = FIRST_ID
            + if random.below(4) > 0 { last_person(event) / 100 * 100 } else { next_person(event, random) };
        let category = 10 + random.below(5);
        let initial_bid = random.price();
        let horizon = self.time(event + AUCTIONS_IN_FLIGHT * 50 / 3) - now;
        let expires = now + 1 + random.below((horizon * 2).max(1));
        random.word(20, item);
        random.word(100, description);
        let reserve = initial_bid + random.price();
        random.padding((8 + item.len() + description.len() + 8 * 6) as u64, 500, extra);
        push_id(row, last_auction(event) + FIRST_ID);
        push_datum(row, Datum::Text(item));
        push_datum(row, Datum::Text(description));
        push_id(row, initial_bid);
        push_id(row, reserve);
        push_time(row, now);
        push_time(row, expires);
        push_id(row, seller);
        push_id(row, category);
        push_datum(row, Datum::Text(extra));
    }

    fn bid(&self, event: u64, random: &mut Random, buffers: &mut Buffers) {
        use std::fmt::Write;
        let Buffers { row, a: channel, b: url, extra, .. } = buffers;
        let auction = FIRST_ID
            + if random.below(2) > 0 { last_auction(event) / 100 * 100 } else { next_auction(event, random) };
        let bidder = FIRST_ID
            + if random.below(4) > 0 {
                last_person(event) / 100 * 100 + 1
            } else {
                next_person(event, random)
            };
        let price = random.price();
        if random.below(2) > 0 {
            let (name, path) = random.choose(&CHANNELS);
            channel.push_str(name);
            let _ = write!(url, "https://www.nexmark.com/{path}/item.htm?query=1");
        } else {
            let number = random.below(10_000);
            let _ = write!(channel, "channel-{number}");
            url.push_str("https://www.nexmark.com/");
            // A channel's path is its own, whatever the event.
            Random::new(number).letters(12, url);
            let _ = write!(url, "/item.htm?query=1&channel_id={number}");
        }
        random.padding(32, 100, extra);
        push_id(row, auction);
        push_id(row, bidder);
        push_id(row, price);
        push_datum(row, Datum::Text(channel));
        push_datum(row, Datum::Text(url));
        push_time(row, self.time(event));
        push_datum(row, Datum::Text(extra));
    }
}

/// Room for one event.
#[derive(Default)]
struct Buffers {
    row: Vec<u8>,
    a: String,
    b: String,
    c: String,
    extra: String,
}

impl Buffers {
    fn clear(&mut self) {
        self.row.clear();
        self.a.clear();
        self.b.clear();
        self.c.clear();
        self.extra.clear();
    }
}

fn push_id(row: &mut Vec<u8>, id: u64) {
    push_datum(row, Datum::Int64(id as i64));
}

fn push_time(row: &mut Vec<u8>, milliseconds: u64) {
    push_datum(row, Datum::Timestamp(milliseconds as i64 * 1000));
}

/// The newest person before or at an event, counted from 0.
fn last_person(event: u64) -> u64 {
    event / 50
}

/// The newest auction before or at an event, counted from 0.
fn last_auction(event: u64) -> u64 {
    let (epoch, offset) = (event / 50, event % 50);
    match offset {
        // Before this epoch's first auction: the last of the epoch before.
        0 => (epoch * 3).saturating_sub(1),
        1..=3 => epoch * 3 + offset - 1,
        _ => epoch * 3 + 2,
    }
}

/// An active person, or one that is about to come.
fn next_person(event: u64, random: &mut Random) -> u64 {
    let people = last_person(event) + 1;
    let active = people.min(PEOPLE_IN_PLAY);
    people - active + random.below(active + LEAD)
}

/// An auction in flight, or one that is about to come.
fn next_auction(event: u64, random: &mut Random) -> u64 {
    let newest = last_auction(event);
    let oldest = newest.saturating_sub(AUCTIONS_IN_FLIGHT);
    oldest + random.below(newest - oldest + 1 + LEAD)
}
