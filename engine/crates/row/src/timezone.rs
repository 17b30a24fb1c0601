//! Time zones: names, offsets and abbreviations, from the bundled tz database.
