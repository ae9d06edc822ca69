//! Whatever is cut off, wherever: what is left is known to be ours, and the next apply finishes it.

use std::collections::BTreeSet;

use fake_aws::{Fault, When};
use proptest::prelude::*;
use scheduler::file::CheckedFile;
use scheduler::rule::OWNER_TAG;
use serde_json::{Value, json};

use crate::fixture::{Aws, OWNER, errors, file, rule, target};

/// How the calls go wrong from the nth one on.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// One call is refused, which nobody tries again.
    Refused,
    /// All calls are.
    AllRefused,
    /// All calls have no effect, and no answer.
    Reset,
    /// All calls have their effect, and no answer.
    LostAnswers,
    /// The service fails in all calls.
    Internal,
    /// One answer is lost, and the call made again.
    LostAnswer,
}

impl Trouble {
    fn order(self, aws: &Aws, nth: usize) {
        let from = When::writes().nth(nth);
        match self {
            Self::Refused => aws.fake.fail(from, Fault::access_denied()),
            Self::AllRefused => aws.fake.fail(from.always(), Fault::access_denied()),
            Self::Reset => aws.fake.fail(from.always(), Fault::Reset),
            Self::LostAnswers => aws.fake.fail(from.always(), Fault::LostAnswer),
            Self::Internal => aws.fake.fail(from.always(), Fault::internal()),
            Self::LostAnswer => aws.fake.fail(from, Fault::LostAnswer),
        }
    }
}

fn trouble() -> impl Strategy<Value = Trouble> {
    use Trouble::{AllRefused, Internal, LostAnswer, LostAnswers, Refused, Reset};
    proptest::sample::select(vec![
        Refused,
        AllRefused,
        Reset,
        LostAnswers,
        Internal,
        LostAnswer,
    ])
}

fn targets() -> impl Strategy<Value = Vec<Value>> {
    let ids = ["a", "b", "c", "d", "e", "f"];
    let one = |id: &'static str| {
        (1..3_u32, any::<bool>()).prop_map(move |(count, trigger)| {
            let worker = json!({ "job_file": "jobs/a.json", "trigger": trigger });
            target(id, json!({ "task_count": count, "worker": worker }))
        })
    };
    proptest::sample::subsequence(ids.to_vec(), 1..=5)
        .prop_flat_map(move |ids| ids.into_iter().map(one).collect::<Vec<_>>())
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    let one = |name: &'static str| {
        let schedule = proptest::sample::select(vec!["rate(1 hour)", "cron(0 3 * * ? *)"]);
        let tags = proptest::collection::btree_map("[xy]", "[12]", 0..3);
        let description = proptest::option::of("[de]");
        (schedule, any::<bool>(), description, tags, targets()).prop_map(
            move |(schedule, enabled, description, tags, targets)| {
                rule(
                    name,
                    json!({
                        "schedule": schedule, "enabled": enabled, "description": description,
                        "tags": tags, "targets": targets,
                    }),
                )
            },
        )
    };
    proptest::sample::subsequence(vec!["a", "b", "c", "d"], 1..=4)
        .prop_flat_map(move |names| names.into_iter().map(one).collect::<Vec<_>>())
}

/// That every rule there is bears the owner's tag.
fn assert_ours(snapshot: &Value) {
    for (name, rule) in snapshot["default"].as_object().into_iter().flatten() {
        assert_eq!(rule["Tags"][OWNER_TAG], OWNER, "rule {name}");
    }
}

async fn cut_off(before: &CheckedFile, after: &CheckedFile, trouble: Trouble, nth: usize) {
    let (aws, fresh) = (Aws::start(), Aws::start());
    aws.make_true(before).await;
    fresh.make_true(after).await;
    let wanted = fresh.fake.snapshot();

    trouble.order(&aws, nth);
    let failed = errors(&aws.apply(after).await);
    assert_ours(&aws.fake.snapshot());
    if failed.is_empty() {
        assert_eq!(aws.fake.snapshot(), wanted, "no error was told");
    }
    aws.fake.heal();
    aws.make_true(after).await;
    assert_eq!(aws.fake.snapshot(), wanted);
}

fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_cut_off_is_finished_by_the_next_apply(
        before in rules(), after in rules(), trouble in trouble(), nth in 1..12_usize,
    ) {
        run(cut_off(&file(&before), &file(&after), trouble, nth));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_rule_is_ours_wherever_its_making_is_cut_off() {
    let wanted = file(&[rule("a", json!({ "tags": { "team": "data" } }))]);
    for nth in 1..=2 {
        for trouble in [Trouble::AllRefused, Trouble::Reset, Trouble::LostAnswers] {
            let aws = Aws::start();
            trouble.order(&aws, nth);
            assert_eq!(errors(&aws.apply(&wanted).await).len(), 1);
            assert_ours(&aws.fake.snapshot());
            aws.fake.heal();
            aws.make_true(&wanted).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_taken_over_is_ours_before_it_changes() {
    let wanted = file(&[rule("a", json!({ "tags": { "team": "data" } }))]);
    let others = json!({
        "Name": "a", "ScheduleExpression": "rate(7 days)", "Description": "theirs",
        "Tags": [{ "Key": OWNER_TAG, "Value": "other" }, { "Key": "old", "Value": "1" }],
        "Targets": [{ "Id": "fn", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f" }],
    });
    let mut seen = BTreeSet::new();
    for nth in 1.. {
        let aws = Aws::start();
        aws.fake.seed_rule(others.clone()).unwrap();
        let before = aws.rule("a");
        Trouble::AllRefused.order(&aws, nth);
        let failed = errors(&aws.apply(&wanted).await);
        let now = aws.rule("a");
        assert!(now == before || now["Tags"][OWNER_TAG] == OWNER, "{now}");
        seen.insert(now.to_string());
        aws.fake.heal();
        aws.make_true(&wanted).await;
        if failed.is_empty() {
            break;
        }
    }
    // Tag, Untag, PutRule, PutTargets, RemoveTargets: each was the last one once.
    assert_eq!(seen.len(), 6);
}
