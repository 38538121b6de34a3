//! Which service knows which input, option and expectation, as data: README, JSON Schema, parser and checks are
//! made from it.
//!
//! A [`Group`] is a mapping of the suite language or of the settings; its [`Key`]s say what each member is called,
//! what it means, what its value looks like, and where each service takes or gives it. Only what is played is in
//! here: anything else is an unknown key like any other.

use super::suite::Service;

mod expectations;
mod inputs;
mod matchers;
mod options;
mod sound;
mod stubs;
mod suites;
mod targets;

/// A key of a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// What it means, in one line.
    pub doc: &'static str,
    /// A value as YAML, in one line.
    pub example: &'static str,
    /// Whether the mapping must have it.
    pub required: bool,
    /// What the services make of it.
    pub support: Support,
}

/// What the services make of a key.
#[derive(Debug, Clone, Copy)]
pub enum Support {
    /// It is turnproof's own business: no service sees it.
    Own,
    /// Where each service takes it from or gives it; `None` when it cannot.
    Services {
        /// Dialogflow CX.
        cx: Option<&'static str>,
        /// CES.
        ces: Option<&'static str>,
        /// When it cannot be observed although the service knows it.
        unobservable: Option<&'static str>,
    },
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A text that is not blank.
    Text,
    /// A text, which may be blank.
    AnyText,
    /// A text that is looked for: nothing at all is found everywhere.
    Sought,
    /// A text in which this regular expression is found.
    Like(&'static str),
    /// A text that is not blank, or a list of such texts.
    Texts,
    /// A mapping of texts.
    TextMap,
    /// One speaker, and what is said.
    Said,
    /// `true` and nothing else.
    True,
    /// `true` or `false`.
    Boolean,
    /// A whole number from this to that.
    Integer(i64, i64),
    /// A number.
    Number,
    /// A number from this to that.
    Between(f64, f64),
    /// A number above this, and at most that.
    Above(f64, f64),
    /// A duration: `4s`, `250ms`, `1m30s`.
    Duration,
    /// A duration that is longer than nothing.
    Lapse,
    /// A moment: RFC 3339.
    Moment,
    /// A day: `2026-03-01`.
    Day,
    /// `null`.
    Null,
    /// Any value.
    Any,
    /// A mapping of any values.
    Map,
    /// A mapping of any values, at least one.
    Row,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A display name, or `{id: …}`.
    Name,
    /// A matcher over a value of this kind.
    Matcher(Subject),
    /// A mapping from names to matchers.
    Matchers,
    /// As `Matchers`, at least one.
    SomeMatchers,
    /// A matcher over a call's arguments: of these, or of all of them.
    Arguments(Whole),
    /// A mapping with the keys of a group.
    Group(Group),
    /// A list.
    List(&'static Shape),
    /// A mapping from names of the author's choice.
    MapOf(&'static Shape),
    /// One of several.
    OneOf(&'static [Shape]),
}

/// How much of a mapping a matcher speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whole {
    /// Some of its members.
    Part,
    /// Every member, so that others can be refused.
    All,
}

/// What a matcher looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A text: it has no members.
    Text,
    /// A number.
    Number,
    /// A length of time, in seconds; operands are durations.
    Duration,
    /// A list of texts.
    Texts,
    /// A list of objects, of which one must match.
    Objects,
    /// Something that happens or does not, with metadata.
    Signal,
    /// Any value.
    Any,
}

impl Subject {
    /// Whether an operator can hold of such a thing. One that never can would always hold below `not`.
    pub fn takes(self, operator: &str) -> bool {
        let of_texts = || {
            matches!(
                operator,
                "contains"
                    | "icontains"
                    | "starts_with"
                    | "ends_with"
                    | "matches"
                    | "similar"
                    | "wer"
                    | "date"
            )
        };
        let of_numbers = || matches!(operator, "gt" | "gte" | "lt" | "lte" | "between" | "approx");
        let of_lists = || matches!(operator, "each" | "has_item");
        match self {
            Self::Text => !of_lists(),
            Self::Number | Self::Duration => !of_texts() && !of_lists() && operator != "has_length",
            Self::Signal => !of_texts() && !of_numbers() && !of_lists(),
            // An item of a list may be contained in it.
            Self::Texts => matches!(operator, "contains" | "icontains") || !of_texts() && !of_numbers(),
            Self::Objects | Self::Any => true,
        }
    }

    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Duration => "a length of time",
            Self::Texts => "a list of texts",
            Self::Objects => "a list of mappings",
            Self::Signal => "whether something happens, and its members",
            Self::Any => "any value",
        }
    }
}

macro_rules! groups {
    ($($(#[doc = $doc:literal])+ $name:ident = $keys:path, $title:literal;)+) => {
        /// A mapping of the suite language or of the settings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Group {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Group {
            /// All groups, in the order in which a reference presents them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its keys, in the order in which a reference presents them.
            pub fn keys(self) -> &'static [Key] {
                match self {
                    $(Self::$name => $keys,)+
                }
            }

            /// What such a mapping is called in messages: `a turn`, `` `with` ``.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }
        }
    };
}

groups! {
    /// A suite file.
    Suite = suites::SUITE, "a suite";
    /// What conversations inherit.
    Defaults = suites::DEFAULTS, "`defaults`";
    /// A conversation.
    Conversation = suites::CONVERSATION, "a conversation";
    /// Where a conversation starts.
    Start = suites::START_KEYS, "`start`";
    /// Time allowed.
    Timeouts = suites::TIMEOUTS_KEYS, "`timeouts`";
    /// How often a conversation is tried again.
    Retries = suites::RETRIES_KEYS, "`retries`";
    /// How many repetitions must pass.
    Pass = suites::PASS_KEYS, "`pass`";
    /// A turn.
    Turn = inputs::TURN, "a turn";
    /// The use of a step.
    Use = inputs::USE, "the use of a step";
    /// A thing by its id.
    Id = inputs::ID, "a name";
    /// Keys pressed.
    Dtmf = inputs::DTMF, "`dtmf`";
    /// A recording.
    Audio = sound::AUDIO, "`audio`";
    /// A file that is handed over.
    Attachment = inputs::ATTACHMENT, "a file";
    /// What the user thinks of an answer.
    Feedback = inputs::FEEDBACK, "`feedback`";
    /// Something to remember.
    Capture = inputs::CAPTURE, "a capture";
    /// What goes along with a turn.
    With = options::WITH, "`with`";
    /// An entity type of the session.
    SessionEntityType = options::SESSION_ENTITY_TYPE, "a session entity type";
    /// Query parameters of a remote Dialogflow agent.
    RemoteDialogflow = options::REMOTE_DIALOGFLOW, "`remote_dialogflow`";
    /// What is pinned on an emulator.
    Emulator = options::EMULATOR, "`emulator`";
    /// A sentiment that is pinned on an emulator.
    PinnedSentiment = options::PINNED_SENTIMENT, "`sentiment` of `emulator`";
    /// What is expected.
    Expectation = expectations::EXPECTATIONS, "`expect`";
    /// Expectations by service.
    On = expectations::ON, "`on`";
    /// What is expected of the raw response.
    Raw = expectations::RAW, "`raw`";
    /// The operators.
    Operator = matchers::OPERATORS, "a matcher";
    /// Operand of `approx`.
    Approx = matchers::APPROX, "`approx`";
    /// Operand of `similar`.
    Similar = matchers::SIMILAR, "`similar`";
    /// Operand of `wer`.
    Wer = matchers::WER, "`wer`";
    /// Operand of `date`.
    Date = matchers::DATE, "`date`";
    /// What is expected of a spoken answer.
    AudioExpectation = sound::AUDIO_EXPECTATION, "`audio` of `expect`";
    /// What is expected of tool calls.
    ToolCalls = expectations::TOOL_CALLS, "`tool_calls`";
    /// One expected tool call.
    Call = expectations::CALL, "a tool call";
    /// A rule of a tool's stub.
    ToolRule = stubs::TOOL_RULE, "a stub's rule";
    /// When a tool's stub applies.
    ToolWhen = stubs::TOOL_WHEN, "`when` of a tool";
    /// What a tool's stub says instead of a result.
    ToolRespond = stubs::TOOL_RESPOND, "`respond` of a tool";
    /// A rule of a webhook's stub.
    WebhookRule = stubs::WEBHOOK_RULE, "a stub's rule";
    /// When a webhook's stub applies.
    WebhookWhen = stubs::WEBHOOK_WHEN, "`when` of a webhook";
    /// What a webhook's stub answers, or does instead.
    WebhookRespond = stubs::WEBHOOK_RESPOND, "`respond` of a webhook";
    /// A webhook's answer.
    WebhookAnswer = stubs::WEBHOOK_ANSWER, "a webhook's answer";
    /// A rule of a generator's stub.
    GeneratorRule = stubs::GENERATOR_RULE, "a stub's rule";
    /// When a generator's stub applies.
    GeneratorWhen = stubs::GENERATOR_WHEN, "`when` of a generator";
    /// What a generator's stub writes.
    GeneratorRespond = stubs::GENERATOR_RESPOND, "`respond` of a generator";
    /// A rule of a playbook's stub.
    PlaybookRule = stubs::PLAYBOOK_RULE, "a stub's rule";
    /// When a playbook's stub applies.
    PlaybookWhen = stubs::PLAYBOOK_WHEN, "`when` of a playbook";
    /// What a playbook's stub does.
    PlaybookRespond = stubs::PLAYBOOK_RESPOND, "`respond` of a playbook";
    /// The settings file.
    Settings = targets::SETTINGS, "the settings";
    /// A target on the embedded emulator.
    EmulatorTarget = targets::EMULATOR_TARGET, "an emulator target";
    /// A live Dialogflow CX agent.
    CxTarget = targets::CX_TARGET, "a cx target";
    /// A live CES app.
    CesTarget = targets::CES_TARGET, "a ces target";
    /// How a target takes and gives sound.
    TargetAudio = sound::TARGET_AUDIO, "`audio` of a target";
    /// What an agent is asked to speak in.
    TargetSpeech = sound::TARGET_SPEECH, "`output`";
    /// What is said in a recording.
    Transcript = sound::TRANSCRIPT, "an entry of transcripts.yaml";
    /// Credentials of a target.
    Credentials = targets::CREDENTIALS_KEYS, "`credentials`";
    /// Certificates of a target.
    Tls = targets::TLS_KEYS, "`tls`";
    /// A profile.
    Profile = targets::PROFILE, "a profile";
    /// A rule of what must not be shown.
    Redact = targets::REDACT, "a rule of `redact`";
}

impl Group {
    /// The key of this name.
    pub fn key(self, name: &str) -> Option<&'static Key> {
        self.keys().iter().find(|key| key.name == name)
    }

    /// The names of its keys.
    pub fn names(self) -> Vec<&'static str> {
        self.keys().iter().map(|key| key.name).collect()
    }
}

impl Key {
    /// A key of turnproof's own.
    const fn own(name: &'static str, shape: Shape, example: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            shape,
            doc,
            example,
            required: false,
            support: Support::Own,
        }
    }

    /// The mapping must have it.
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Where the services take it from or give it.
    const fn on(mut self, cx: Option<&'static str>, ces: Option<&'static str>) -> Self {
        self.support = Support::Services {
            cx,
            ces,
            unobservable: None,
        };
        self
    }

    /// When it cannot be observed.
    const fn unobservable(mut self, when: &'static str) -> Self {
        if let Support::Services { cx, ces, .. } = self.support {
            self.support = Support::Services {
                cx,
                ces,
                unobservable: Some(when),
            };
        }
        self
    }

    /// Whether a service knows it.
    pub fn is_known_to(&self, service: Service) -> bool {
        match self.support {
            Support::Own => true,
            Support::Services { cx, ces, .. } => match service {
                Service::Cx => cx.is_some(),
                Service::Ces => ces.is_some(),
            },
        }
    }
}

/// The RPCs a turn can ask for, as `via` names them, with what each does.
pub const VIA: &[Key] = &[
    Key::own("detect", Shape::Text, "detect", "The usual call").on(Some("`DetectIntent`"), None),
    Key::own(
        "server_stream",
        Shape::Text,
        "server_stream",
        "Partial answers, then the final one",
    )
    .on(Some("`ServerStreamingDetectIntent`"), None),
    Key::own(
        "match",
        Shape::Text,
        "match",
        "What the agent would understand; changes no session state, checked through `candidates`",
    )
    .on(Some("`MatchIntent`"), None),
    Key::own(
        "match_then_fulfill",
        Shape::Text,
        "match_then_fulfill",
        "Match first, then fulfil the best match",
    )
    .on(Some("`MatchIntent`, then `FulfillIntent`"), None),
    Key::own("run", Shape::Text, "run", "The usual call").on(None, Some("`RunSession`")),
    Key::own(
        "stream",
        Shape::Text,
        "stream",
        "Answers as they come; on Dialogflow CX the call that carries sound, too",
    )
    .on(Some("`StreamingDetectIntent`"), Some("`StreamRunSession`")),
    Key::own("bidi", Shape::Text, "bidi", "A stream in both directions").on(None, Some("`BidiRunSession`")),
];

/// The names of [`VIA`].
pub(crate) const VIA_NAMES: &[&str] = &[
    "detect",
    "server_stream",
    "match",
    "match_then_fulfill",
    "run",
    "stream",
    "bidi",
];

/// The keys of a turn of which it has exactly one, but for [`ATTACHMENTS`].
pub const INPUTS: &[&str] = &[
    "say",
    "event",
    "intent",
    "dtmf",
    "silence",
    "audio",
    "image",
    "blob",
    "variables",
    "use",
];

/// Those of [`INPUTS`] that may stand beside each other and beside `say`: files are handed over together.
pub const ATTACHMENTS: &[&str] = &["image", "blob"];

/// Encodings whose samples can be written and converted, as suites name them.
pub const SAMPLE_ENCODINGS: &[&str] = &["linear16", "mulaw", "alaw"];

/// What `match` can be.
pub const MATCH_TYPES: &[&str] = &[
    "intent",
    "direct_intent",
    "parameter_filling",
    "no_match",
    "no_input",
    "event",
    "playbook",
    "knowledge_connector",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_documented() {
        for group in Group::ALL {
            let mut names = group.names();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), group.keys().len(), "{group:?}");
            for key in group.keys() {
                assert!(
                    !key.doc.is_empty() && !key.doc.ends_with('.'),
                    "{group:?}.{}",
                    key.name
                );
                assert!(
                    key.doc.starts_with(|first: char| !first.is_lowercase()),
                    "{group:?}.{}",
                    key.name
                );
                assert!(!key.example.contains('\n'), "{group:?}.{}", key.name);
            }
        }
    }

    #[test]
    fn every_input_is_a_key_of_a_turn() {
        for input in INPUTS {
            assert!(
                Group::Turn.key(input).is_some() || Group::Use.key(input).is_some(),
                "{input}"
            );
        }
        assert_eq!(VIA.iter().map(|via| via.name).collect::<Vec<_>>(), VIA_NAMES);
    }
}
