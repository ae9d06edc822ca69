//! The keywords, what kind of value each has, and where each may stand.

/// What an expression, or the part of it in braces, looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Trace,
    Service,
    Edge,
    CauseService,
    CauseEntity,
    CauseException,
}

impl Context {
    pub(super) const ALL: [Self; 6] = [
        Self::Trace,
        Self::Service,
        Self::Edge,
        Self::CauseService,
        Self::CauseEntity,
        Self::CauseException,
    ];

    /// Where it is, after "not valid".
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Trace => "outside of braces",
            Self::Service => "in the braces of service",
            Self::Edge => "in the braces of edge",
            Self::CauseService => "in the braces of a root cause's service",
            Self::CauseEntity => "in the braces of a root cause's entity",
            Self::CauseException => "in the braces of a root cause's exception",
        }
    }
}

/// Where a keyword is valid, after "only".
pub(super) fn places(contexts: &[Context]) -> &'static str {
    match contexts {
        [context] => context.place(),
        // Root causes' services among them.
        [Context::Trace, _, _, _] => "outside of braces and in those of services and edges",
        [Context::Trace, ..] => "outside of braces and in those of service and edge",
        _ => "in the braces of root causes",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BooleanField {
    Ok,
    Error,
    Throttle,
    Fault,
    Partial,
    Inferred,
    First,
    Last,
    Remote,
    Root,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberField {
    ResponseTime,
    Duration,
    HttpStatus,
    Index,
    Coverage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextField {
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    Name,
    Type,
    AccountId,
    Message,
    AvailabilityZone,
    InstanceId,
    ResourceArn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Boolean(BooleanField),
    Number(NumberField),
    Text(TextField),
}

const REQUESTS: &[Context] = &[Context::Trace, Context::Service, Context::Edge];
const CAUSES: &[Context] = &[
    Context::CauseService,
    Context::CauseEntity,
    Context::CauseException,
];
const NAMED: &[Context] = &Context::ALL;
const SERVICES: &[Context] = &[
    Context::Trace,
    Context::Service,
    Context::Edge,
    Context::CauseService,
];

/// The keywords of tests, in lower case.
pub(super) const FIELDS: [(&str, Field, &[Context]); 27] = [
    ("ok", Field::Boolean(BooleanField::Ok), REQUESTS),
    ("error", Field::Boolean(BooleanField::Error), REQUESTS),
    ("throttle", Field::Boolean(BooleanField::Throttle), REQUESTS),
    ("fault", Field::Boolean(BooleanField::Fault), REQUESTS),
    ("partial", Field::Boolean(BooleanField::Partial), REQUESTS),
    ("inferred", Field::Boolean(BooleanField::Inferred), SERVICES),
    ("first", Field::Boolean(BooleanField::First), CAUSES),
    ("last", Field::Boolean(BooleanField::Last), CAUSES),
    (
        "remote",
        Field::Boolean(BooleanField::Remote),
        &[Context::CauseEntity],
    ),
    (
        "root",
        Field::Boolean(BooleanField::Root),
        &[Context::Service],
    ),
    (
        "responsetime",
        Field::Number(NumberField::ResponseTime),
        REQUESTS,
    ),
    ("duration", Field::Number(NumberField::Duration), REQUESTS),
    (
        "http.status",
        Field::Number(NumberField::HttpStatus),
        REQUESTS,
    ),
    ("index", Field::Number(NumberField::Index), CAUSES),
    (
        "coverage",
        Field::Number(NumberField::Coverage),
        &[Context::CauseEntity],
    ),
    ("http.url", Field::Text(TextField::HttpUrl), REQUESTS),
    ("http.method", Field::Text(TextField::HttpMethod), REQUESTS),
    (
        "http.useragent",
        Field::Text(TextField::HttpUserAgent),
        REQUESTS,
    ),
    (
        "http.clientip",
        Field::Text(TextField::HttpClientIp),
        REQUESTS,
    ),
    ("user", Field::Text(TextField::User), REQUESTS),
    ("name", Field::Text(TextField::Name), NAMED),
    ("type", Field::Text(TextField::Type), SERVICES),
    ("account.id", Field::Text(TextField::AccountId), SERVICES),
    (
        "message",
        Field::Text(TextField::Message),
        &[Context::CauseException],
    ),
    (
        "availabilityzone",
        Field::Text(TextField::AvailabilityZone),
        REQUESTS,
    ),
    ("instance.id", Field::Text(TextField::InstanceId), REQUESTS),
    (
        "resource.arn",
        Field::Text(TextField::ResourceArn),
        REQUESTS,
    ),
];

/// Keywords with a form of their own, which stand outside of braces only.
pub(super) const COMPLEX: [&str; 14] = [
    "service",
    "edge",
    "group.name",
    "group.arn",
    "rootcause.json",
    "rootcause.fault.service",
    "rootcause.fault.entity",
    "rootcause.fault.exception",
    "rootcause.error.service",
    "rootcause.error.entity",
    "rootcause.error.exception",
    "rootcause.responsetime.service",
    "rootcause.responsetime.entity",
    "rootcause.responsetime.exception",
];

impl Field {
    /// The keyword as AWS writes it.
    pub(super) fn name(self) -> &'static str {
        let known = FIELDS.iter().find(|(_, field, _)| *field == self);
        known.map_or("", |(name, _, _)| name)
    }
}

/// What may be written at this place.
pub(super) fn keywords(context: Context) -> impl Iterator<Item = &'static str> {
    let fields = FIELDS
        .iter()
        .filter(move |(_, _, contexts)| contexts.contains(&context))
        .map(|(name, _, _)| *name);
    let complex = COMPLEX.iter().copied();
    let complex = complex.filter(move |_| context == Context::Trace);
    let annotation = REQUESTS.contains(&context).then_some("annotation");
    fields.chain(complex).chain(annotation)
}

/// Whether annotations can be asked for here. The developer guide says not in the braces of service
/// and edge; others take them there, and so does this.
pub(super) fn has_annotations(context: Context) -> bool {
    REQUESTS.contains(&context)
}
