//! inet and cidr: an address, and how many of its first bits are the network's.
//!
//! Packed: the family, the network's address, its length in bits, then the address from the byte on in which the network
//! ends. So networks sort before what is in them, as in PostgreSQL, and a whole address takes no more than its bytes.

use std::cmp::Ordering;

/// The version of the Internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Version 4: addresses of 32 bits.
    V4,
    /// Version 6: addresses of 128 bits.
    V6,
}

impl Family {
    /// How many bits an address has.
    pub const fn address_bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    /// How many bytes an address has.
    pub const fn address_bytes(self) -> usize {
        self.address_bits() as usize / 8
    }

    /// PGSQL_AF_INET, PGSQL_AF_INET6.
    pub const fn code(self) -> u8 {
        match self {
            Family::V4 => 2,
            Family::V6 => 3,
        }
    }

    /// The family of a code.
    pub const fn of_code(code: u8) -> Option<Family> {
        match code {
            2 => Some(Family::V4),
            3 => Some(Family::V6),
            _ => None,
        }
    }
}

/// A value of inet; of cidr too, whose addresses have no bits beyond the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inet {
    family: Family,
    /// The length of the network: at most the address's.
    bits: u8,
    /// From the left; zeros behind an address of 32 bits.
    address: [u8; 16],
}

/// The first `bits` bits set.
fn prefix(bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
}

impl Inet {
    /// An address from the left of a number; what is beyond the family's bits is cut off.
    pub fn new(family: Family, bits: u8, number: u128) -> Inet {
        debug_assert!(bits <= family.address_bits(), "a network longer than its address");
        Inet { family, bits, address: (number & prefix(family.address_bits())).to_be_bytes() }
    }

    /// The version of the protocol.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The length of the network in bits.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The bytes of the address.
    pub fn address(&self) -> &[u8] {
        &self.address[..self.family.address_bytes()]
    }

    /// The address, from the left of 128 bits.
    pub fn number(&self) -> u128 {
        u128::from_be_bytes(self.address)
    }

    /// The bits of the network.
    pub fn netmask(&self) -> u128 {
        prefix(self.bits)
    }

    /// The bits of the address that are not the network's.
    pub fn hostmask(&self) -> u128 {
        prefix(self.family.address_bits()) & !self.netmask()
    }

    /// Another address with the same family and length.
    #[must_use]
    pub fn with_number(self, number: u128) -> Inet {
        Inet::new(self.family, self.bits, number)
    }

    /// The same address with another length.
    #[must_use]
    pub fn with_bits(self, bits: u8) -> Inet {
        Inet::new(self.family, bits, self.number())
    }

    /// The network's own address.
    #[must_use]
    pub fn network(self) -> Inet {
        self.with_number(self.number() & self.netmask())
    }

    /// Whether there are bits beyond the network's.
    pub fn has_host(&self) -> bool {
        self.number() & self.hostmask() != 0
    }

    /// Whether both are of one family and begin with the same `bits` bits.
    pub fn agrees(&self, other: &Inet, bits: u8) -> bool {
        self.family == other.family && (self.number() ^ other.number()) & prefix(bits) == 0
    }

    /// How many bits they begin with in common, of the shorter network's.
    pub fn common_bits(&self, other: &Inet) -> u8 {
        let same = (self.number() ^ other.number()).leading_zeros() as u8;
        same.min(self.bits).min(other.bits)
    }

    /// Appends the packed form, without tag.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        let network = (self.number() & self.netmask()).to_be_bytes();
        out.push(self.family.code());
        out.extend_from_slice(&network[..self.family.address_bytes()]);
        out.push(self.bits);
        out.extend_from_slice(&self.address()[usize::from(self.bits / 8)..]);
    }

    /// Reads what [`Inet::push`] wrote and moves `at` past it.
    pub(crate) fn read(row: &[u8], at: &mut usize) -> Inet {
        let end = Inet::skip(row, *at);
        let family = Family::of_code(row[*at]).expect("a family was packed");
        let network = &row[*at + 1..][..family.address_bytes()];
        let bits = row[*at + 1 + network.len()];
        let whole = usize::from(bits / 8);
        let mut address = [0; 16];
        address[..whole].copy_from_slice(&network[..whole]);
        address[whole..network.len()].copy_from_slice(&row[*at + 2 + network.len()..end]);
        *at = end;
        Inet { family, bits, address }
    }

    /// The position after what [`Inet::push`] wrote.
    pub(crate) fn skip(row: &[u8], start: usize) -> usize {
        let bytes = Family::of_code(row[start]).expect("a family was packed").address_bytes();
        let bits = row[start + 1 + bytes];
        start + 2 + bytes + (bytes - usize::from(bits / 8))
    }
}

impl PartialOrd for Inet {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By family, then by network, the shorter of two that begin the same first, then by address.
impl Ord for Inet {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |value: &Inet| (value.family, value.number() & value.netmask(), value.bits, value.address);
        key(self).cmp(&key(other))
    }
}
