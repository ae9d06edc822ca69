//! Sampling targets: each client of a rule gets a share of its reservoir.
//!
//! What is handed out to the clients of a rule at any time adds up to its reservoir at most: a
//! client that comes new gets its share once the others have given theirs back, which they do with
//! their next report or when their quota ends.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use tracing_xray::Timestamp;

use super::rules::{self, SamplingRule};
use super::share::fair_shares;
use super::{micros, statistics, time};
use crate::store::{Store, StoreError};

/// How often clients report, in seconds.
const INTERVAL_SECS: u64 = 10;

/// How long a quota holds: for three reports. AWS gives 300 s, for which a program that was
/// restarted would have to wait for the quota of its predecessor.
const QUOTA_TTL: Duration = Duration::from_secs(3 * INTERVAL_SECS);

/// How long a boost lasts.
const BOOST_TTL: Duration = Duration::from_secs(60);

/// How many clients of a rule may have a quota. Further ones get a quota of 0.
const CLIENTS_MAX: usize = 1000;

/// A `SamplingStatisticsDocument` of the API.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) rule: String,
    pub(crate) client: String,
    /// Since the client's last report.
    pub(crate) requests: u32,
    pub(crate) sampled: u32,
    pub(crate) borrowed: u32,
}

/// A `SamplingBoostStatisticsDocument` of the API.
#[derive(Clone, Debug)]
pub(crate) struct BoostReport {
    pub(crate) rule: String,
    pub(crate) anomalies: u32,
    pub(crate) sampled_anomalies: u32,
}

/// The answer to GetSamplingTargets.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Targets {
    /// In the order of the reports.
    #[serde(rename = "SamplingTargetDocuments")]
    pub(crate) targets: Vec<Target>,
    /// When a rule was last made, changed or deleted.
    pub(crate) last_rule_modification: Timestamp,
    pub(crate) unprocessed_statistics: Vec<Unprocessed>,
    pub(crate) unprocessed_boost_statistics: Vec<Unprocessed>,
}

/// A `SamplingTargetDocument` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Target {
    pub(crate) rule_name: String,
    pub(crate) fixed_rate: f64,
    pub(crate) reservoir_quota: u32,
    #[serde(rename = "ReservoirQuotaTTL")]
    pub(crate) reservoir_quota_ttl: Timestamp,
    pub(crate) interval: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sampling_boost: Option<SamplingBoost>,
}

/// A `SamplingBoost` of the API.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SamplingBoost {
    boost_rate: f64,
    #[serde(rename = "BoostRateTTL")]
    boost_rate_ttl: Timestamp,
}

/// An `UnprocessedStatistics` of the API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Unprocessed {
    rule_name: String,
    error_code: &'static str,
    message: String,
}

/// What a client of a rule asked for, and what it has.
struct Client {
    id: String,
    demand: u32,
    quota: u32,
}

impl Store {
    /// Takes what clients report on the rules they use, and hands out quotas.
    pub(crate) fn sampling_targets(
        &self,
        reports: &[Report],
        boosts: &[BoostReport],
        now: Timestamp,
    ) -> Result<Targets, StoreError> {
        self.write(|transaction| {
            let mut answer = Targets::default();
            let ended = "DELETE FROM sampling_clients WHERE quota_ends_us <= ?1";
            transaction.execute(ended, [micros(now)])?;
            statistics::forget_old(transaction, now)?;
            for report in boosts {
                answer
                    .unprocessed_boost_statistics
                    .extend(boost(transaction, report, now)?);
            }
            for report in reports {
                let Some(record) = rules::find(transaction, &report.rule)? else {
                    answer.unprocessed_statistics.push(unknown(&report.rule));
                    continue;
                };
                let rule = record.sampling_rule;
                statistics::add(transaction, report, now)?;
                answer.targets.push(Target {
                    fixed_rate: rule.fixed_rate,
                    reservoir_quota: quota(transaction, &rule, report, now)?,
                    reservoir_quota_ttl: now.after(QUOTA_TTL),
                    interval: INTERVAL_SECS,
                    sampling_boost: boost_underway(transaction, &rule, now)?,
                    rule_name: rule.rule_name,
                });
            }
            let changed = "SELECT rules_changed_us FROM single_settings";
            answer.last_rule_modification =
                transaction.query_row(changed, [], |row| Ok(time(row.get_ref(0)?)?))?;
            Ok(answer)
        })
    }
}

/// SDKs take a code that begins with 4 as a reason to fetch the rules again.
fn unknown(rule: &str) -> Unprocessed {
    Unprocessed {
        rule_name: rule.to_owned(),
        error_code: "404",
        message: "there is no such sampling rule: fetch the rules again".to_owned(),
    }
}

/// Hands out a quota to the client that reports.
fn quota(
    connection: &Connection,
    rule: &SamplingRule,
    report: &Report,
    now: Timestamp,
) -> Result<u32, rusqlite::Error> {
    let demand = demand(connection, report, now)?;
    let mut clients = clients(connection, &rule.rule_name)?;
    let me = match clients.binary_search_by(|client| client.id.cmp(&report.client)) {
        Ok(known) => known,
        Err(_) if clients.len() >= CLIENTS_MAX => return Ok(0),
        Err(place) => {
            let id = report.client.clone();
            clients.insert(
                place,
                Client {
                    id,
                    demand,
                    quota: 0,
                },
            );
            place
        }
    };
    clients[me].demand = demand;
    let demands: Vec<_> = clients.iter().map(|client| client.demand).collect();
    let reservoir = u32::try_from(rule.reservoir_size).unwrap_or(0);
    let others = clients.iter().filter(|client| client.id != report.client);
    // More than the reservoir where the rule has been changed since.
    let left = others.fold(reservoir, |left, other| left.saturating_sub(other.quota));
    let quota = fair_shares(reservoir, &demands)[me].min(left);
    connection
        .prepare_cached("INSERT OR REPLACE INTO sampling_clients VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            report.rule,
            report.client,
            micros(now),
            demand,
            quota,
            micros(now.after(QUOTA_TTL)),
        ])?;
    Ok(quota)
}

/// How many requests a second a client had, rounded up.
fn demand(
    connection: &Connection,
    report: &Report,
    now: Timestamp,
) -> Result<u32, rusqlite::Error> {
    let before = connection
        .prepare_cached("SELECT reported_us FROM sampling_clients WHERE rule = ?1 AND client = ?2")?
        .query_row([&report.rule, &report.client], |row| {
            Ok(time(row.get_ref(0)?)?)
        })
        .optional()?;
    let secs = match before {
        Some(before) => now.since(before).as_secs().max(1),
        None => INTERVAL_SECS,
    };
    let secs = u32::try_from(secs).unwrap_or(u32::MAX);
    Ok(report.requests.div_ceil(secs))
}

/// The clients that have a quota of a rule, by id.
fn clients(connection: &Connection, rule: &str) -> Result<Vec<Client>, rusqlite::Error> {
    let query =
        "SELECT client, demand, quota FROM sampling_clients WHERE rule = ?1 ORDER BY client";
    let mut statement = connection.prepare_cached(query)?;
    let clients = statement.query_map([rule], |row| {
        Ok(Client {
            id: row.get(0)?,
            demand: row.get(1)?,
            quota: row.get(2)?,
        })
    })?;
    clients.collect()
}

/// Begins a boost where anomalies were missed, unless one began within the rule's cooldown window.
fn boost(
    connection: &Connection,
    report: &BoostReport,
    now: Timestamp,
) -> Result<Option<Unprocessed>, rusqlite::Error> {
    let Some(record) = rules::find(connection, &report.rule)? else {
        return Ok(Some(unknown(&report.rule)));
    };
    let Some(settings) = record.sampling_rule.sampling_rate_boost else {
        return Ok(Some(Unprocessed {
            rule_name: report.rule.clone(),
            error_code: "400",
            message: "the sampling rule has no SamplingRateBoost".to_owned(),
        }));
    };
    if report.anomalies > report.sampled_anomalies {
        let minutes = u64::try_from(settings.cooldown_window_minutes).unwrap_or(0);
        let cooldown = Duration::from_secs(minutes.saturating_mul(60)).max(BOOST_TTL);
        let again = match boosted(connection, &report.rule)? {
            Some(before) => now >= before.after(cooldown),
            None => true,
        };
        if again {
            let update = "UPDATE sampling_rules SET boosted_us = ?2 WHERE name = ?1";
            connection.execute(update, params![report.rule, micros(now)])?;
        }
    }
    Ok(None)
}

/// The boost of a rule that has begun and not ended.
fn boost_underway(
    connection: &Connection,
    rule: &SamplingRule,
    now: Timestamp,
) -> Result<Option<SamplingBoost>, rusqlite::Error> {
    let Some(settings) = rule.sampling_rate_boost else {
        return Ok(None);
    };
    let ends = boosted(connection, &rule.rule_name)?.map(|began| began.after(BOOST_TTL));
    let ends = ends.filter(|ends| *ends > now && settings.max_rate > rule.fixed_rate);
    Ok(ends.map(|boost_rate_ttl| SamplingBoost {
        boost_rate: settings.max_rate,
        boost_rate_ttl,
    }))
}

fn boosted(connection: &Connection, rule: &str) -> Result<Option<Timestamp>, rusqlite::Error> {
    let query = "SELECT boosted_us FROM sampling_rules WHERE name = ?1 AND boosted_us IS NOT NULL";
    let mut statement = connection.prepare_cached(query)?;
    let began = statement.query_row([rule], |row| Ok(time(row.get_ref(0)?)?));
    began.optional()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::store::settings::RuleChange;

    fn store(reservoir: i64) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let change = RuleChange {
            reservoir_size: Some(reservoir),
            ..RuleChange::default()
        };
        let now = Timestamp::default();
        store.update_sampling_rule("Default", change, now).unwrap();
        (dir, store)
    }

    fn report(client: usize, requests: u32) -> Report {
        Report {
            rule: "Default".into(),
            client: format!("{client:024x}"),
            requests,
            sampled: 0,
            borrowed: 0,
        }
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_micros(1_763_790_000_000_000 + secs * 1_000_000)
    }

    fn quota(store: &Store, report: Report, secs: u64) -> u32 {
        let targets = store.sampling_targets(&[report], &[], at(secs)).unwrap();
        targets.targets[0].reservoir_quota
    }

    #[test]
    fn two_clients_come_to_share_a_reservoir_within_two_intervals() {
        let (_dir, store) = store(10);
        assert_eq!(quota(&store, report(1, 1000), 0), 10, "alone");
        assert_eq!(quota(&store, report(2, 1000), 5), 0, "none is left yet");
        assert_eq!(quota(&store, report(1, 1000), 10), 5);
        assert_eq!(quota(&store, report(2, 1000), 15), 5);
        // The first has gone.
        assert_eq!(
            quota(&store, report(2, 1000), 25),
            5,
            "it may still be there"
        );
        assert_eq!(quota(&store, report(2, 1000), 40), 10);
    }

    #[test]
    fn a_client_with_little_to_do_leaves_the_reservoir_to_the_other() {
        let (_dir, store) = store(10);
        let mut quotas = (0, 0);
        for round in 0..3 {
            let secs = 10 * round;
            quotas = (
                quota(&store, report(1, 20), secs),
                quota(&store, report(2, 1000), secs),
            );
        }
        assert_eq!(quotas, (2, 8));
    }

    #[test]
    fn quotas_are_in_the_file() {
        let (dir, store) = store(10);
        assert_eq!(quota(&store, report(1, 1000), 0), 10);
        let other = Store::open(dir.path()).unwrap();
        assert_eq!(quota(&other, report(2, 1000), 5), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn what_is_handed_out_never_exceeds_the_reservoir(
            reservoir in 0i64..40,
            steps in proptest::collection::vec((0usize..8, 0u32..500, 0u64..20), 1..60),
        ) {
            let (_dir, store) = store(reservoir);
            let mut held: BTreeMap<usize, (u32, Timestamp)> = BTreeMap::new();
            let mut secs = 0;
            for (client, requests, passed) in steps {
                secs += passed;
                let answer = store.sampling_targets(&[report(client, requests)], &[], at(secs));
                let target = answer.unwrap().targets.remove(0);
                held.insert(client, (target.reservoir_quota, target.reservoir_quota_ttl));
                held.retain(|_, (_, ends)| *ends > at(secs));
                let handed_out: u32 = held.values().map(|(quota, _)| quota).sum();
                prop_assert!(i64::from(handed_out) <= reservoir, "{held:?}");
            }
            // With steady demands the whole reservoir is shared out.
            let steady: Vec<_> = (0..4).map(|client| 40 * (client as u32 + 1)).collect();
            let mut quotas = Vec::new();
            for _ in 0..6 {
                secs += INTERVAL_SECS;
                quotas = (0..4)
                    .map(|client| quota(&store, report(client, steady[client]), secs))
                    .collect();
            }
            let demands: Vec<_> = steady.iter().map(|count| count / 10).collect();
            prop_assert_eq!(quotas, fair_shares(u32::try_from(reservoir).unwrap(), &demands));
        }
    }
}
