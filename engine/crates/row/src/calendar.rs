//! The proleptic Gregorian calendar, counted from 2000-01-01.
