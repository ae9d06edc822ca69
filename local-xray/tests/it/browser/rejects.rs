//! Rejects and daemons.

use super::browse;
use crate::local::Local;

#[test]
fn rejects_say_what_to_mend_and_daemons_what_they_lost() {
    browse(&Local::start(), "rejects.py", &[]);
}
