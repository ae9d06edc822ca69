//! One event may have one destination: S3 refuses filters that a key may fit both, where they share
//! an event ("Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the
//! same event type").

use checked_json::Checks;

use super::{KeyFilter, Notification, NotificationTarget};

pub(super) fn check(notification: &Notification, checks: &mut Checks) {
    let lists = notification.targets().into_iter();
    let all: Vec<(&str, usize, &NotificationTarget)> = lists
        .flat_map(|(field, _, targets)| {
            let targets = targets.iter().enumerate();
            targets.map(move |(index, target)| (field, index, target))
        })
        .collect();
    for (later, (field, index, target)) in all.iter().enumerate() {
        let first = all[..later].iter().find_map(|(field, index, first)| {
            let event = shared_event(first, target)?;
            filters_overlap(&first.filter, &target.filter).then_some((field, index, event))
        });
        if let Some((first, at, event)) = first {
            checks.field(field, |checks| {
                checks.element(*index, |checks| {
                    checks.fault(format!(
                        "has keys of `{first}[{at}]` for `{event}`, and S3 tells one destination \
                         only: use filters that no key fits both, or a topic or EventBridge for both"
                    ));
                });
            });
        }
    }
}

/// An event that both are for.
fn shared_event<'a>(one: &'a NotificationTarget, other: &'a NotificationTarget) -> Option<&'a str> {
    let pairs = one
        .events
        .iter()
        .flat_map(|one| other.events.iter().map(move |other| (one, other)));
    pairs.into_iter().find_map(|(one, other)| {
        if covers(one, other) {
            return Some(other.as_str());
        }
        covers(other, one).then_some(one.as_str())
    })
}

/// Whether `wide` means `event` too: `s3:ObjectCreated:*` means `s3:ObjectCreated:Put`.
fn covers(wide: &str, event: &str) -> bool {
    wide == event
        || wide
            .strip_suffix('*')
            .is_some_and(|prefix| event.starts_with(prefix))
}

/// Whether a key may fit both.
fn filters_overlap(one: &KeyFilter, other: &KeyFilter) -> bool {
    let text = |affix: &Option<String>| affix.clone().unwrap_or_default();
    let (a, b) = (text(&one.prefix), text(&other.prefix));
    let prefixes = a.starts_with(&b) || b.starts_with(&a);
    let (a, b) = (text(&one.suffix), text(&other.suffix));
    let suffixes = a.ends_with(&b) || b.ends_with(&a);
    prefixes && suffixes
}
