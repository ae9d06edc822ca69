//! What all pages share.

use super::browse;
use crate::local::Local;

#[test]
fn every_page_can_be_used_by_everybody() {
    browse(&Local::start(), "shell.py", &[]);
}
