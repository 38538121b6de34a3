//! A recorded test case as the export spells it, with whatever may be missing missing.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;

use super::templates;
use crate::diagnostic::Diagnostic;
use crate::model::{Map, Value};
use crate::yaml::write::key_width;

/// The page that a session ends on, as recordings name it.
const END_SESSION: &str = "End Session";
/// Characters of a member's name as a suite writes it: a little less than what YAML allows before the colon.
const LONGEST_NAME: usize = 1000;
/// Lists and mappings in one another: in a suite some more are around them, and there 100 is the end.
const DEEPEST: usize = 80;
/// What the console writes before the names of session parameters.
const SESSION_PREFIX: &str = "$session.params.";

/// One test case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TestCase {
    /// Path within the export; filled by [`read_all`].
    #[serde(skip)]
    pub(super) file: String,
    pub(super) display_name: String,
    pub(super) tags: Vec<String>,
    pub(super) notes: String,
    pub(super) test_config: TestConfig,
    language_code: String,
    creation_time: Option<Timestamp>,
    #[serde(rename = "testCaseConversationTurns")]
    pub(super) turns: Vec<Turn>,
}

/// Where it starts, and what it tracks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TestConfig {
    pub(super) flow: String,
    pub(super) page: String,
    pub(super) tracking_parameters: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Timestamp {
    seconds: Value,
}

/// One turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Turn {
    pub(super) user_input: Option<UserInput>,
    pub(super) virtual_agent_output: Option<Output>,
    expectations: Expectations,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Expectations {
    expected_session_parameters: Vec<KeyValue>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct KeyValue {
    key: String,
    value: Value,
}

/// What the user did.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserInput {
    input: InputFields,
    injected_parameters: Option<Map>,
    pub(super) is_webhook_enabled: bool,
    pub(super) enable_sentiment_analysis: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InputFields {
    language_code: String,
    text: Option<TextField>,
    event: Option<EventField>,
    intent: Option<IntentField>,
    dtmf: Option<DtmfField>,
    audio: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct TextField {
    text: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct EventField {
    event: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct IntentField {
    intent: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DtmfField {
    digits: String,
    finish_digit: String,
}

/// What the agent did.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Output {
    session_parameters: Option<Map>,
    triggered_intent: Option<Named>,
    current_page: Option<PageField>,
    current_flow: Option<Named>,
    text_responses: Vec<TextResponse>,
    /// With a code that is not zero an error of the service; nothing else was recorded then.
    status: Option<Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    name: String,
    display_name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PageField {
    name: String,
    flow: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are those of the service")]
struct TextResponse {
    text: Vec<String>,
    contain_ai_generated_content: bool,
    contain_generators_content: bool,
    contain_data_store_content: bool,
    contain_data_store_faq_content: bool,
}

impl TextResponse {
    fn is_generated(&self) -> bool {
        self.contain_ai_generated_content
            || self.contain_generators_content
            || self.contain_data_store_content
            || self.contain_data_store_faq_content
    }
}

/// What the user did, in the words of suites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input<'a> {
    Say(&'a str),
    Event(&'a str),
    Intent(&'a str),
    Dtmf { digits: &'a str, finish: &'a str },
    Silence,
}

/// A text of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    /// A language model wrote it.
    pub(super) generated: bool,
}

impl TestCase {
    /// The creation time as RFC 3339: the emulator's clock, for relative dates (cx-runtime 17.3).
    pub(super) fn clock(&self) -> Option<String> {
        let seconds = &self.creation_time.as_ref()?.seconds;
        let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok())?;
        let time = DateTime::from_timestamp(seconds, 0)?;
        let written = time.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Years have four digits there.
        DateTime::parse_from_rfc3339(&written).is_ok().then_some(written)
    }

    /// Whether it has a creation time that no clock of a suite can be set to.
    pub(super) fn has_odd_time(&self) -> bool {
        let recorded = self.creation_time.as_ref();
        recorded.is_some_and(|time| !time.seconds.is_null()) && self.clock().is_none()
    }

    /// Whether any turn recorded session parameters. Where none did they were not recorded, and nothing may be
    /// expected of them (cx-export-format 4.1).
    pub(super) fn recorded_parameters(&self) -> bool {
        self.turns.iter().any(|turn| !turn.parameters().is_empty())
    }

    /// The language of a turn, if the turn or the case names one.
    pub(super) fn language<'a>(&'a self, turn: &'a Turn) -> Option<&'a str> {
        let of_turn = turn
            .user_input
            .as_ref()
            .map_or("", |user| user.input.language_code.as_str());
        [of_turn, self.language_code.as_str()]
            .into_iter()
            .find(|language| !language.is_empty())
    }
}

impl Turn {
    /// What the user did; silence where nothing was typed.
    pub(super) fn input(&self) -> Input<'_> {
        let Some(UserInput { input, .. }) = &self.user_input else {
            return Input::Silence;
        };
        if let Some(EventField { event }) = input.event.as_ref().filter(|event| !event.event.is_empty()) {
            return Input::Event(event);
        }
        if let Some(IntentField { intent }) = input.intent.as_ref().filter(|intent| !intent.intent.is_empty())
        {
            return Input::Intent(intent);
        }
        if let Some(DtmfField { digits, finish_digit }) =
            input.dtmf.as_ref().filter(|dtmf| !dtmf.digits.is_empty())
        {
            return Input::Dtmf {
                digits,
                finish: finish_digit,
            };
        }
        match &input.text {
            Some(TextField { text }) if !text.trim().is_empty() => Input::Say(text),
            _ => Input::Silence,
        }
    }

    /// Parameters set before the turn, without the prefix that names their scope.
    pub(super) fn injected(&self) -> Map {
        let injected = self
            .user_input
            .as_ref()
            .and_then(|user| user.injected_parameters.as_ref());
        let named = |(name, value): (&String, &Value)| (plain_name(name).to_owned(), value.clone());
        injected.into_iter().flatten().map(named).collect()
    }

    /// All session parameters after the turn.
    pub(super) fn parameters(&self) -> &Map {
        static NONE: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);
        let recorded = self
            .virtual_agent_output
            .as_ref()
            .and_then(|output| output.session_parameters.as_ref());
        recorded.unwrap_or(&NONE)
    }

    /// What its author expected of single parameters, by the name as it was written.
    pub(super) fn expected_parameters(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.expectations
            .expected_session_parameters
            .iter()
            .map(|pair| (pair.key.as_str(), &pair.value))
    }

    /// The agent's side; nothing where the service answered with an error.
    pub(super) fn output(&self) -> Option<&Output> {
        self.virtual_agent_output
            .as_ref()
            .filter(|output| !output.is_error())
    }

    /// What was recorded of the input and is not played, for people.
    pub(super) fn unplayed(&self) -> Vec<String> {
        let Some(UserInput {
            input,
            injected_parameters,
            ..
        }) = &self.user_input
        else {
            return Vec::new();
        };
        let played = self.input();
        let mut unplayed = Vec::new();
        let text = input.text.as_ref().filter(|text| !text.text.trim().is_empty());
        if text.is_some() && !matches!(played, Input::Say(_)) {
            unplayed.push("the text is not said: a turn has one input".to_owned());
        }
        let dtmf = input.dtmf.as_ref();
        if dtmf.is_some_and(|dtmf| !dtmf.digits.is_empty() && !matches!(played, Input::Dtmf { .. })) {
            unplayed.push("the keys are not pressed: a turn has one input".to_owned());
        }
        if dtmf.is_some_and(|dtmf| dtmf.digits.is_empty() && !dtmf.finish_digit.is_empty()) {
            unplayed.push("a finish digit without digits is not pressed".to_owned());
        }
        if input.audio.is_some() {
            unplayed.push("the recorded sound is not played".to_owned());
        }
        let names: Vec<&String> = injected_parameters.iter().flat_map(Map::keys).collect();
        for name in &names {
            if plain_name(name) != name.as_str()
                && names.iter().any(|other| other.as_str() == plain_name(name))
            {
                unplayed.push(format!(
                    "`{}` is injected twice: one value is left out",
                    plain_name(name)
                ));
            }
        }
        unplayed
    }
}

impl Output {
    /// Whether the service answered with an error.
    fn is_error(&self) -> bool {
        let code = self.status.as_ref().and_then(|status| status.get("code"));
        code.is_some_and(|code| match code {
            Value::Null => false,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(name) => !["", "0", "OK"].contains(&name.as_str()),
            _ => true,
        })
    }

    /// The matched intent: absent on form filling, no-match and events.
    pub(super) fn intent(&self) -> Option<&str> {
        self.triggered_intent
            .as_ref()
            .map(|intent| intent.name.as_str())
            .filter(|name| !name.is_empty())
    }

    /// Page and flow where the turn ended, as far as they were recorded.
    pub(super) fn place(&self) -> (Option<&str>, Option<&str>) {
        fn given(name: &str) -> Option<&str> {
            Some(name).filter(|name| !name.is_empty())
        }
        let page = self.current_page.as_ref().and_then(|page| given(&page.name));
        let of_page = self.current_page.as_ref().and_then(|page| given(&page.flow));
        let of_flow = self
            .current_flow
            .as_ref()
            .and_then(|flow| given(&flow.name).or_else(|| given(&flow.display_name)));
        (page, of_page.or(of_flow))
    }

    /// Whether the session ended with this turn.
    pub(super) fn ended(&self) -> bool {
        self.place().0 == Some(END_SESSION)
    }

    /// The texts that are not blank.
    pub(super) fn said(&self) -> impl Iterator<Item = Said<'_>> {
        self.text_responses.iter().flat_map(|response| {
            let generated = response.is_generated();
            response
                .text
                .iter()
                .map(move |text| Said { text, generated })
                .filter(|said| !said.text.trim().is_empty())
        })
    }
}

/// A session parameter's name without its scope.
pub(super) fn plain_name(name: &str) -> &str {
    name.strip_prefix(SESSION_PREFIX).unwrap_or(name)
}

/// Reads the test cases of an export. A case of a kind that cannot be played is left out with a warning.
pub(super) fn read_all(raw: &BTreeMap<String, Value>, export: &Path) -> (Vec<TestCase>, Vec<Diagnostic>) {
    let (mut cases, mut warnings) = (Vec::new(), Vec::new());
    for (file, value) in raw {
        match read(file, value) {
            Ok(case) => cases.push(case),
            Err(reason) => {
                let warning = Diagnostic::warning(
                    "test-case-left-out",
                    format!("the test case was left out: {reason}"),
                );
                warnings.push(warning.in_file(export.join(file)));
            }
        }
    }
    (cases, warnings)
}

/// Whether lists and mappings are in one another deeper than so many levels.
fn is_deeper(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return value.is_array() || value.is_object();
    };
    match value {
        Value::Array(items) => items.iter().any(|item| is_deeper(item, below)),
        Value::Object(members) => members.values().any(|member| is_deeper(member, below)),
        _ => false,
    }
}

/// Whether a name is too long for a suite.
fn is_long(name: &str) -> bool {
    key_width(&templates::apart(name)) > LONGEST_NAME
}

/// Whether a member somewhere has a name that is too long for a suite.
fn has_long_name(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_long_name),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_long(name) || has_long_name(value)),
        _ => false,
    }
}

fn read(file: &str, value: &Value) -> Result<TestCase, String> {
    if value.get("testCaseConversationTurns").is_none() {
        return Err("it holds no recorded turns (a newer kind, judged by a model)".to_owned());
    }
    if is_deeper(value, DEEPEST) {
        return Err("it holds lists and mappings in one another deeper than a suite can".to_owned());
    }
    let mut case = TestCase::deserialize(value).map_err(|error| error.to_string())?;
    let has_long_key = |turn: &Turn| turn.expected_parameters().any(|(name, _)| is_long(name));
    if has_long_name(value) || case.turns.iter().any(has_long_key) {
        return Err("it holds a name that is longer than one in a suite can be".to_owned());
    }
    if case.turns.is_empty() {
        return Err("it has no turns".to_owned());
    }
    file.clone_into(&mut case.file);
    Ok(case)
}
