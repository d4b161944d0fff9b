//! Store on one SQLite file.
