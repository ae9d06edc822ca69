//! Properties of arbitrary expressions, against a reading of them that shares no code with the
//! module and looks at every minute.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use proptest::prelude::*;

use crate::expression::Expression;
use crate::expression::field::{MONTHS, WEEKDAYS};

/// An item of a list of numbers: its text, and what it means.
#[derive(Clone, Debug)]
enum Item {
    Any(Option<u32>),
    One(u32, Option<u32>),
    Span(u32, u32, Option<u32>),
}

impl Item {
    fn text(&self, mut value: impl FnMut(u32) -> String) -> String {
        let step = |step: &Option<u32>| step.map_or(String::new(), |step| format!("/{step}"));
        match self {
            Self::Any(by) => format!("*{}", step(by)),
            Self::One(one, by) => format!("{}{}", value(*one), step(by)),
            Self::Span(from, to, by) => format!("{}-{}{}", value(*from), value(*to), step(by)),
        }
    }

    /// Steps from the start, over the end where the range wraps, until the value or the end.
    fn matches(&self, value: u32, first: u32, last: u32) -> bool {
        let (mut at, end, by) = match *self {
            Self::Any(by) => (first, last, by.unwrap_or(1)),
            Self::One(one, None) => return value == one,
            Self::One(one, Some(by)) => (one, last, by),
            Self::Span(from, to, by) => (from, to, by.unwrap_or(1)),
        };
        let mut left = if at <= end {
            end - at
        } else {
            last - at + 1 + end - first
        };
        loop {
            if at == value {
                return true;
            }
            if left < by {
                return false;
            }
            left -= by;
            at += by;
            if at > last {
                at = at - last - 1 + first;
            }
        }
    }
}

#[derive(Clone, Debug)]
struct List {
    items: Vec<Item>,
    first: u32,
    last: u32,
    /// Which of the values that are written stand by name, where the field has names: a bit each.
    named: u8,
}

impl List {
    fn text(&self) -> String {
        let names: &[&str] = match self.last {
            12 => &MONTHS,
            7 => &WEEKDAYS,
            _ => &[],
        };
        let mut named = self.named;
        let mut value = |value: u32| {
            let name = names.get((value - self.first) as usize);
            let name = name.filter(|_| named & 1 == 1);
            named >>= 1;
            name.map_or(value.to_string(), |name| (*name).to_owned())
        };
        let items: Vec<String> = self
            .items
            .iter()
            .map(|item| item.text(&mut value))
            .collect();
        items.join(",")
    }

    fn matches(&self, value: u32) -> bool {
        self.items
            .iter()
            .any(|item| item.matches(value, self.first, self.last))
    }
}

#[derive(Clone, Debug)]
enum Day {
    OfMonth(List),
    Last,
    BeforeLast(u32),
    LastWorkday,
    WorkdayNear(u32),
    OfWeek(List),
    LastOfWeek(u32),
    Nth(u32, u32),
}

impl Day {
    /// The two day fields.
    fn text(&self) -> (String, String) {
        let month = |text: String| (text, "?".to_owned());
        let week = |text: String| ("?".to_owned(), text);
        match self {
            Self::OfMonth(list) => month(list.text()),
            Self::Last => month("L".to_owned()),
            Self::BeforeLast(back) => month(format!("L-{back}")),
            Self::LastWorkday => month("LW".to_owned()),
            Self::WorkdayNear(day) => month(format!("{day}W")),
            Self::OfWeek(list) => week(list.text()),
            Self::LastOfWeek(weekday) => week(format!("{weekday}L")),
            Self::Nth(weekday, nth) => week(format!("{weekday}#{nth}")),
        }
    }

    fn matches(&self, date: NaiveDate) -> bool {
        let weekday = date.weekday().number_from_sunday();
        let days_left = u32::from(date.num_days_in_month()) - date.day();
        let workday = (2..=6).contains(&weekday);
        match self {
            Self::OfMonth(list) => list.matches(date.day()),
            Self::Last => days_left == 0,
            Self::BeforeLast(back) => days_left == *back,
            Self::LastWorkday => workday && (days_left == 0 || weekday == 6 && days_left <= 2),
            Self::WorkdayNear(day) => {
                let Some(target) = date.with_day(*day) else {
                    return false;
                };
                // The nearest, the earlier or the later, in this month.
                let near = [0, -1, 1, -2, 2]
                    .into_iter()
                    .map(|days| target + TimeDelta::days(days));
                let mut near = near.filter(|day| {
                    day.month() == date.month()
                        && (2..=6).contains(&day.weekday().number_from_sunday())
                });
                near.next() == Some(date)
            }
            Self::OfWeek(list) => list.matches(weekday),
            Self::LastOfWeek(last) => weekday == *last && days_left < 7,
            Self::Nth(nth_weekday, nth) => {
                weekday == *nth_weekday && (date.day() - 1) / 7 + 1 == *nth
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Fields {
    minutes: List,
    hours: List,
    day: Day,
    months: List,
    years: List,
}

impl Fields {
    fn text(&self) -> String {
        let (of_month, of_week) = self.day.text();
        format!(
            "cron({} {} {of_month} {} {of_week} {})",
            self.minutes.text(),
            self.hours.text(),
            self.months.text(),
            self.years.text()
        )
    }

    fn matches(&self, time: DateTime<Utc>) -> bool {
        self.years.matches(time.year() as u32)
            && self.months.matches(time.month())
            && self.day.matches(time.date_naive())
            && self.hours.matches(time.hour())
            && self.minutes.matches(time.minute())
    }
}

fn list(first: u32, last: u32, wraps: bool) -> impl Strategy<Value = List> {
    let step_max = if first > 12 { last - first } else { last };
    let value = move || first..=last;
    let step = move || proptest::option::of(1..=step_max);
    let item = prop_oneof![
        2 => step().prop_map(Item::Any),
        2 => (value(), step()).prop_map(|(one, by)| Item::One(one, by)),
        2 => (value(), value(), step()).prop_map(move |(from, to, by)| {
            if wraps { Item::Span(from, to, by) } else { Item::Span(from.min(to), from.max(to), by) }
        }),
    ];
    (proptest::collection::vec(item, 1..4), any::<u8>()).prop_map(move |(items, named)| List {
        items,
        first,
        last,
        named,
    })
}

/// The years either all or a few near those that are looked at.
fn years() -> impl Strategy<Value = List> {
    let all = List {
        items: vec![Item::Any(None)],
        first: 1970,
        last: 2199,
        named: 0,
    };
    let near =
        proptest::collection::vec((2024_u32..2032, 2024_u32..2032), 1..3).prop_map(|spans| {
            let span = |(from, to): (u32, u32)| Item::Span(from.min(to), from.max(to), None);
            let items = spans.into_iter().map(span).collect();
            List {
                items,
                first: 1970,
                last: 2199,
                named: 0,
            }
        });
    prop_oneof![2 => Just(all), 1 => near, 1 => list(1970, 2199, false)]
}

fn day() -> impl Strategy<Value = Day> {
    prop_oneof![
        3 => list(1, 31, true).prop_map(Day::OfMonth),
        1 => Just(Day::Last),
        1 => (1_u32..=30).prop_map(Day::BeforeLast),
        1 => Just(Day::LastWorkday),
        2 => (1_u32..=31).prop_map(Day::WorkdayNear),
        3 => list(1, 7, true).prop_map(Day::OfWeek),
        1 => (1_u32..=7).prop_map(Day::LastOfWeek),
        2 => (1_u32..=7, 1_u32..=5).prop_map(|(weekday, nth)| Day::Nth(weekday, nth)),
    ]
}

fn fields() -> impl Strategy<Value = Fields> {
    (
        list(0, 59, true),
        list(0, 23, true),
        day(),
        list(1, 12, true),
        years(),
    )
        .prop_map(|(minutes, hours, day, months, years)| Fields {
            minutes,
            hours,
            day,
            months,
            years,
        })
}

/// A second between 2024 and 2032, so that two leap days and all weekdays come.
fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (1_704_067_200_i64..1_956_528_000, 0_u32..2)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

/// Every firing from one time to before another, by a look at every minute.
fn slow(fields: &Fields, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut date = from.date_naive();
    while date <= to.date_naive() {
        if fields.years.matches(date.year() as u32)
            && fields.months.matches(date.month())
            && fields.day.matches(date)
        {
            let midnight = date.and_hms_opt(0, 0, 0).unwrap().and_utc();
            let minutes = (0..1_440).map(|minute| midnight + TimeDelta::minutes(minute));
            found.extend(minutes.filter(|time| (from..to).contains(time) && fields.matches(*time)));
        }
        date = date.succ_opt().unwrap();
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn firings_are_those_of_a_slow_reading(
        fields in fields(), from in time(), days in 0_i64..120,
    ) {
        let text = fields.text();
        let to = from + TimeDelta::days(days) + TimeDelta::seconds(days * 997);
        let expression = Expression::parse(&text).unwrap();
        let just_before = from - TimeDelta::nanoseconds(1);
        let found: Vec<_> = expression.firings(just_before).take_while(|time| *time < to).collect();
        prop_assert_eq!(expression.count(from, to), found.len() as u64);
        prop_assert!(found.is_sorted_by(|one, other| one < other));
        prop_assert_eq!(found, slow(&fields, from, to), "{}", text);
    }

    /// Far apart too: no day in between is left out.
    #[test]
    fn days_that_fire_are_those_of_a_slow_reading(mut fields in fields(), from in time()) {
        fields.minutes.items = vec![Item::One(0, None)];
        fields.hours.items = vec![Item::One(0, None)];
        let expression = Expression::parse(&fields.text()).unwrap();
        let until = NaiveDate::from_ymd_opt(2050, 1, 1).unwrap();
        let days = expression.firings(from).map(|firing| firing.date_naive());
        let found: Vec<_> = days.take_while(|day| *day < until).take(3).collect();
        let mut expected = Vec::new();
        let mut day = from.date_naive().succ_opt().unwrap();
        while day < until && expected.len() < 3 {
            if fields.years.matches(day.year() as u32)
                && fields.months.matches(day.month())
                && fields.day.matches(day)
            {
                expected.push(day);
            }
            day = day.succ_opt().unwrap();
        }
        prop_assert_eq!(found, expected, "{}", fields.text());
    }

    #[test]
    fn what_never_fires_says_so_and_has_no_firing(fields in fields(), now in time()) {
        let expression = Expression::parse(&fields.text()).unwrap();
        let (earliest, latest) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        let never = expression.firings(earliest).next().is_none();
        prop_assert_eq!(expression.never_fires().is_some(), never);
        prop_assert_eq!(expression.count(earliest, latest) == 0, never);
        let says_so = |warning: &String| warning.ends_with("so it never fires");
        prop_assert_eq!(expression.warnings(now).iter().any(says_so), never, "{}", fields.text());
    }

    #[test]
    fn rates_count_what_they_list_after_from(minutes in 2_u32..5_000, from in time(), hours in 0_i64..400) {
        let expression = Expression::parse(&format!("rate({minutes} minutes)")).unwrap();
        let to = from + TimeDelta::hours(hours);
        let listed = expression.firings(from).take_while(|time| *time <= to).count();
        prop_assert_eq!(expression.count(from, to), listed as u64);
    }

    #[test]
    fn what_is_read_is_written_again(fields in fields(), now in time()) {
        let expression = Expression::parse(&fields.text()).unwrap();
        prop_assert_eq!(expression.to_string(), fields.text());
        prop_assert_eq!(&expression.to_string().parse::<Expression>(), &Ok(expression.clone()));
        prop_assert!(expression.warnings(now).iter().all(|warning| !warning.contains('\n')));
    }

    #[test]
    fn no_text_panics_and_faults_are_in_the_text(
        text in prop_oneof![
            "\\PC{0,300}",
            "(?s).{0,40}",
            "cron\\([0-9*/,?LW#a-zA-Z \t\u{a0}日-]{0,40}\\)?",
            "(cron|rate|at|Cron|@)?[( ]?([0-9*]|[0-9JANMO/,-]{1,5}|\\?|L|W|#|é)( ([0-9*]|[0-9TUEW#L,-]{1,5}|\\?|LW)){3,7}\\)?",
            "rate\\([0-9]{0,12} {0,2}[a-z]{0,7}\\)",
        ],
        now in time(),
    ) {
        match text.parse::<Expression>() {
            Ok(expression) => {
                prop_assert_eq!(expression.text(), &text);
                let _ = expression.warnings(now);
                let _ = expression.count(now, now + TimeDelta::days(3_650));
                let _ = expression.firings(now).take(3).count();
            }
            Err(error) => {
                prop_assert!(!error.faults().is_empty());
                for fault in error.faults() {
                    prop_assert!(error.text().get(fault.range.clone()).is_some(), "{:?}", fault);
                }
                let printable = |text: &str| text.chars().all(|c| c == '\n' || matches!(c, ' '..='~'));
                prop_assert!(printable(&error.caret()), "{}", error.caret());
                prop_assert!(printable(&error.to_string()), "{}", error);
            }
        }
    }
}
