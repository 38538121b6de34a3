//! A conversation → everything that a test case can say of it (cx-export-format 4.1), in the shape of a test case.
//!
//! A test case holds values, a suite matchers: what is not one value (a regular expression, a range) is left out. In
//! its place stands a mark, so that two conversations which expect the same are equal here, too.

use std::collections::HashMap;

use serde_json::json;

use super::conversation::start_flow;
use super::conversation::{BETWEEN_TRACKED, TRACKED};
use super::templates::is_template;
use super::unsaid::{Unsaid, unsaid};
use crate::expect::kind;
use crate::export::agent::Agent;
use crate::model::suite::{
    Check, Conversation, Expectation, Input, Location, Matcher, Name, RunMethod, Service, Turn, With,
};
use crate::model::{Map, Value};

/// The member of a test case that holds its turns.
pub(super) const TURNS: &str = "testCaseConversationTurns";
/// The page that a session ends on, as recordings name it.
const END_SESSION: &str = "End Session";
/// The first member of a mark. No test case has a member of this name.
const MARK: &str = "\u{0}left out";
/// What stands in a mark's place where nothing was recorded, if something must.
const INSTEAD: &str = "\u{0}instead";

/// What a test case can say of a conversation, and what it cannot.
#[derive(Debug, Clone, Default)]
pub(super) struct Case {
    /// In the shape of a test case, without an id; [`mark_of`] tells marks.
    pub(super) value: Value,
    /// What no test case can say.
    pub(super) left_out: Vec<LeftOut>,
    /// What the turns do not say although it is compared.
    pub(super) unsaid: Vec<Unsaid>,
}

/// Something that no test case can say.
#[derive(Debug, Clone)]
pub(super) struct LeftOut {
    /// Tells what is left out from anything else that is; what means the same has the same mark.
    pub(super) mark: String,
    /// As the suite calls it: `page`, `via`.
    pub(super) what: &'static str,
    /// Where it stands.
    pub(super) location: Location,
    /// What was expected instead of a value.
    pub(super) matcher: Option<Matcher>,
}

/// The mark, if the value is one.
pub(super) fn mark_of(value: &Value) -> Option<&str> {
    value.get(MARK)?.as_str()
}

/// The value without marks: members, elements and expected parameters that are marks are not there, unless something
/// must be.
pub(super) fn without_marks(value: &Value) -> Option<Value> {
    if let Some(instead) = value.get(INSTEAD) {
        return Some(instead.clone());
    }
    if mark_of(value).is_some() || value.get("value").and_then(mark_of).is_some() {
        return None;
    }
    Some(match value {
        Value::Array(items) => items.iter().filter_map(without_marks).collect(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| Some((name.clone(), without_marks(value)?));
            Value::Object(members.iter().filter_map(member).collect())
        }
        other => other.clone(),
    })
}

/// The flows of an agent's pages.
#[derive(Debug)]
pub(super) struct Pages<'a> {
    /// Where a session starts on a page of no named flow.
    start_flow: &'a str,
    /// By page; none where several flows have a page of that name.
    flows: HashMap<&'a str, Option<&'a str>>,
}

impl<'a> Pages<'a> {
    pub(super) fn of(agent: &'a Agent) -> Self {
        let mut flows = HashMap::new();
        for (flow, page) in agent
            .flows
            .iter()
            .flat_map(|(flow, of)| of.pages.keys().map(move |page| (flow, page)))
        {
            let only = |there: &mut Option<&str>| *there = None;
            flows
                .entry(page.as_str())
                .and_modify(only)
                .or_insert(Some(flow.as_str()));
        }
        Self {
            start_flow: start_flow(agent),
            flows,
        }
    }

    fn only_flow_of(&self, page: &Value) -> Option<Value> {
        let flow = self.flows.get(page.as_str()?).copied().flatten()?;
        Some(json!(flow))
    }
}

/// Everything that a test case can say of the conversation. Where it names a page and no flow, `pages` tell which.
pub(super) fn case_of(conversation: &Conversation, pages: &Pages<'_>) -> Case {
    let mut reader = Reader {
        pages,
        left_out: Vec::new(),
    };
    let value = reader.conversation(conversation);
    Case {
        value: Value::Object(value),
        left_out: reader.left_out,
        unsaid: conversation.turns.iter().map(unsaid).collect(),
    }
}

struct Reader<'a> {
    pages: &'a Pages<'a>,
    left_out: Vec<LeftOut>,
}

/// What is known of an expected value.
enum Concrete {
    /// This value.
    Value(Value),
    /// None.
    Absent,
    /// Not one value.
    No,
}

impl Reader<'_> {
    fn conversation(&mut self, conversation: &Conversation) -> Map {
        let mut case = Map::new();
        let tags: Vec<String> = conversation.tags.iter().map(|tag| format!("#{tag}")).collect();
        if !tags.is_empty() {
            case.insert("tags".to_owned(), json!(tags));
        }
        case.insert("displayName".to_owned(), json!(conversation.name));
        let (notes, tracked) = conversation.notes.as_deref().map(split_notes).unwrap_or_default();
        if !notes.is_empty() {
            case.insert("notes".to_owned(), json!(notes));
        }
        let turns = conversation.turns.iter().enumerate().map(|(index, turn)| {
            let is_last = index + 1 == conversation.turns.len();
            let start = (index == 0).then_some(&conversation.start.parameters);
            self.turn(turn, start, is_last)
        });
        case.insert(TURNS.to_owned(), turns.collect());
        if let Some(clock) = conversation.clock {
            let time = json!({ "seconds": clock.timestamp(), "nanos": clock.timestamp_subsec_nanos() });
            case.insert("creationTime".to_owned(), time);
        }
        let config = self.config(conversation, &tracked);
        if !config.is_empty() {
            case.insert("testConfig".to_owned(), Value::Object(config));
        }
        if let Some(language) = &conversation.with.language {
            case.insert("languageCode".to_owned(), json!(language));
        }
        for expectation in &conversation.expect {
            self.leave_out_expectation(expectation, &conversation.location);
        }
        case
    }

    fn config(&mut self, conversation: &Conversation, tracked: &[&str]) -> Map {
        let mut config = Map::new();
        let start = &conversation.start;
        let page = start.page.as_ref().map(text_of);
        let flow = start.flow.as_ref().map(text_of);
        let flow = flow.or_else(|| page.and(Some(self.pages.start_flow)));
        for (key, name) in [("flow", flow), ("page", page)] {
            if let Some(name) = name {
                config.insert(key.to_owned(), json!(name));
            }
        }
        if start.playbook.is_some() {
            self.leave_out("start.playbook", &conversation.location, &start.playbook);
        }
        self.leave_out_play(conversation);
        if !tracked.is_empty() {
            config.insert("trackingParameters".to_owned(), json!(tracked));
        }
        config
    }

    /// Whether, where, how often and in what ways it is played.
    fn leave_out_play(&mut self, conversation: &Conversation) {
        let Conversation {
            skip,
            known_issue,
            only_on,
            channels,
            repeat,
            run_method,
            ..
        } = conversation;
        let mut given = |is_given: bool, what, value: &dyn std::fmt::Debug| {
            if is_given {
                self.leave_out(what, &conversation.location, value);
            }
        };
        given(skip.is_some(), "skip", skip);
        given(known_issue.is_some(), "known_issue", known_issue);
        given(!only_on.is_empty(), "only_on", only_on);
        given(!channels.is_empty(), "channels", channels);
        given(repeat.times > 1, "repeat", repeat);
        given(*run_method != RunMethod::default(), "run_method", run_method);
    }

    fn turn(&mut self, turn: &Turn, start: Option<&Map>, is_last: bool) -> Value {
        let user = self.user(turn, start);
        let (output, expected) = self.output(turn);
        let ends = output
            .get("currentPage")
            .is_some_and(|page| page["name"] == END_SESSION);
        if turn.restart && !ends && !is_last {
            self.leave_out("then", &turn.location, &"restart");
        }
        let mut made = json!({ "userInput": user, "virtualAgentOutput": output });
        if !expected.is_empty() {
            made["expectations"] = json!({ "expectedSessionParameters": expected });
        }
        self.options(turn);
        made
    }

    fn user(&mut self, turn: &Turn, start: Option<&Map>) -> Map {
        let mut user = Map::new();
        let mut injected = start.cloned().unwrap_or_default();
        injected.extend(turn.with.parameters.clone());
        for value in injected.values_mut().filter(|value| has_template(value)) {
            *value = self.marked("with.parameters", &turn.location, None, &*value);
        }
        if !injected.is_empty() {
            user.insert("injectedParameters".to_owned(), Value::Object(injected));
        }
        if turn.with.disable_webhook != Some(true) {
            user.insert("isWebhookEnabled".to_owned(), json!(true));
        }
        if turn.with.sentiment == Some(true) {
            user.insert("enableSentimentAnalysis".to_owned(), json!(true));
        }
        let mut input = match &turn.input {
            Input::Say(text) => json!({ "text": { "text": text } }),
            Input::Event(event) => json!({ "event": { "event": event } }),
            Input::Intent(intent) => json!({ "intent": { "intent": text_of(intent) } }),
            Input::Dtmf { digits, finish: None } => json!({ "dtmf": { "digits": digits } }),
            Input::Dtmf {
                digits,
                finish: Some(finish),
            } => json!({ "dtmf": { "digits": digits, "finishDigit": finish } }),
            Input::Silence
            | Input::SilentAudio(_)
            | Input::Audio(_)
            | Input::Attached { .. }
            | Input::Variables(_) => {
                json!({ "text": {} })
            }
        };
        if let Input::Audio(audio) = &turn.input {
            self.leave_out("audio", &turn.location, &audio.written);
        }
        if let Input::Attached { files, .. } = &turn.input {
            for file in files {
                self.leave_out(file.kind.name(), &turn.location, &file.written);
            }
        }
        if let Input::Variables(variables) = &turn.input {
            self.leave_out("variables", &turn.location, variables);
        }
        if has_template(&input) {
            self.mark_inputs(&mut input, &turn.location);
        }
        if let Some(language) = &turn.with.language {
            input["languageCode"] = json!(language);
        }
        user.insert("input".to_owned(), input);
        user
    }

    /// Of what is known only when it is played, what was recorded is an example. Where nothing was, it is said as it is
    /// written: a turn must say something.
    fn mark_inputs(&mut self, input: &mut Value, place: &Location) {
        for said in input.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let mut mark = self.marked("{{ … }}", place, None, &*said);
            mark[INSTEAD] = said.take();
            *said = mark;
        }
    }

    /// The agent's output, and the parameters that are expected one by one.
    fn output(&mut self, turn: &Turn) -> (Map, Vec<Value>) {
        let mut seen = Seen::default();
        for expectation in &turn.expect {
            if expectation.only_on != Some(Service::Ces) {
                self.expectation(expectation, turn, &mut seen);
            }
        }
        // A recorded page has its flow beside it, and what is empty is compared.
        if seen.flow.is_none() {
            seen.flow = seen.page.as_ref().and_then(|page| self.pages.only_flow_of(page));
        }
        (seen.output(), seen.single)
    }

    fn expectation(&mut self, expectation: &Expectation, turn: &Turn, seen: &mut Seen) {
        let place = Location {
            line: expectation.line,
            ..turn.location.clone()
        };
        let what = kind(&expectation.check);
        match &expectation.check {
            Check::Intent(matcher) => put(&mut seen.intent, self.value(what, &place, matcher)),
            Check::Page(matcher) => put(&mut seen.page, self.value(what, &place, matcher)),
            Check::Flow(matcher) => put(&mut seen.flow, self.value(what, &place, matcher)),
            Check::Replies(matcher) => put(&mut seen.replies, Some(self.replies(what, &place, matcher))),
            Check::Reply(matcher) => {
                let reply = self.value(what, &place, matcher);
                put(&mut seen.reply, reply.map(one_text));
            }
            Check::AllParameters(members) => {
                let all = seen.all.get_or_insert_default();
                for (name, matcher) in members {
                    if let Some(value) = self.value(what, &place, matcher) {
                        all.insert(name.clone(), value);
                    }
                }
            }
            Check::Parameters(members) => {
                for (name, matcher) in members {
                    let value = self.value(what, &place, matcher).unwrap_or(Value::Null);
                    seen.single.push(json!({ "key": name, "value": value }));
                }
            }
            _ => self.leave_out_expectation(expectation, &turn.location),
        }
    }

    fn replies(&mut self, what: &'static str, place: &Location, matcher: &Matcher) -> Value {
        match matcher {
            Matcher::List(items) => {
                let texts = items.iter().filter_map(|item| self.value(what, place, item));
                texts.map(one_text).collect()
            }
            Matcher::Is(Value::Array(items)) if !items.iter().any(has_template) => {
                items.iter().cloned().map(one_text).collect()
            }
            other => self.marked(what, place, Some(other), other),
        }
    }

    /// The one value that is expected, or a mark; nothing when none is expected.
    fn value(&mut self, what: &'static str, place: &Location, matcher: &Matcher) -> Option<Value> {
        match concrete(matcher) {
            Concrete::Value(value) => Some(value),
            Concrete::Absent => None,
            Concrete::No => Some(self.marked(what, place, Some(matcher), matcher)),
        }
    }

    /// What goes along with a turn that no test case can say. What only an emulator minds was read off the recording.
    fn options(&mut self, turn: &Turn) {
        let With {
            time_zone,
            payload,
            webhook_headers,
            channel,
            session_entity_types,
            data_store_signals,
            session_ttl,
            flow_versions,
            ..
        } = turn.with.as_ref();
        let place = &turn.location;
        let mut given = |is_given: bool, what, value: &dyn std::fmt::Debug| {
            if is_given {
                self.leave_out(what, place, value);
            }
        };
        given(time_zone.is_some(), "with.time_zone", time_zone);
        given(payload.is_some(), "with.payload", payload);
        given(
            !webhook_headers.is_empty(),
            "with.webhook_headers",
            webhook_headers,
        );
        given(channel.is_some(), "with.channel", channel);
        let has_types = !session_entity_types.is_empty();
        given(has_types, "with.session_entity_types", session_entity_types);
        let asks = *data_store_signals == Some(true);
        given(asks, "with.data_store_signals", data_store_signals);
        given(session_ttl.is_some(), "with.session_ttl", session_ttl);
        given(!flow_versions.is_empty(), "with.flow_versions", flow_versions);
        given(turn.via.is_some(), "via", &turn.via);
        given(!turn.when.is_empty(), "when", &turn.when.len());
        given(turn.answers.is_some(), "answers", &());
        given(turn.feedback.is_some(), "feedback", &turn.feedback);
        given(!turn.capture.is_empty(), "capture", &turn.capture.len());
    }

    fn leave_out_expectation(&mut self, expectation: &Expectation, file: &Location) {
        let place = Location {
            line: expectation.line,
            ..file.clone()
        };
        if expectation.only_on != Some(Service::Ces) {
            self.leave_out(kind(&expectation.check), &place, &expectation.check);
        }
    }

    fn leave_out(
        &mut self,
        what: &'static str,
        location: &Location,
        value: &(impl std::fmt::Debug + ?Sized),
    ) {
        self.marked(what, location, None, value);
    }

    /// Notes that something is left out; the mark for its place.
    fn marked(
        &mut self,
        what: &'static str,
        location: &Location,
        matcher: Option<&Matcher>,
        value: &(impl std::fmt::Debug + ?Sized),
    ) -> Value {
        let mark = format!("{what} {value:?}");
        let marked = json!({ MARK: mark });
        self.left_out.push(LeftOut {
            mark,
            what,
            location: location.clone(),
            matcher: matcher.cloned(),
        });
        marked
    }
}

/// What the expectations of a turn say, so far.
#[derive(Default)]
struct Seen {
    intent: Option<Value>,
    page: Option<Value>,
    flow: Option<Value>,
    replies: Option<Value>,
    reply: Option<Value>,
    all: Option<Map>,
    single: Vec<Value>,
}

impl Seen {
    /// In the order in which the service writes it.
    fn output(&mut self) -> Map {
        let mut output = Map::new();
        if let Some(all) = self.all.take() {
            output.insert("sessionParameters".to_owned(), Value::Object(all));
        }
        if let Some(intent) = self.intent.take() {
            output.insert("triggeredIntent".to_owned(), json!({ "name": intent }));
        }
        let flow = self.flow.take();
        let mut page = Map::new();
        page.extend(self.page.take().map(|page| ("name".to_owned(), page)));
        page.extend(flow.clone().map(|flow| ("flow".to_owned(), flow)));
        if !page.is_empty() {
            output.insert("currentPage".to_owned(), Value::Object(page));
        }
        let reply = self.reply.take().map(|reply| match mark_of(&reply) {
            Some(_) => reply,
            None => json!([reply]),
        });
        if let Some(texts) = self.replies.take().or(reply) {
            output.insert("textResponses".to_owned(), texts);
        }
        if let Some(flow) = flow {
            output.insert("currentFlow".to_owned(), json!({ "name": flow }));
        }
        output
    }
}

/// The first that is said counts, unless it is no value and another is.
fn put(place: &mut Option<Value>, value: Option<Value>) {
    if place.as_ref().is_none_or(|there| mark_of(there).is_some()) && value.is_some() {
        *place = value;
    }
}

fn one_text(text: Value) -> Value {
    match text {
        Value::String(_) => json!({ "text": [text] }),
        other if mark_of(&other).is_some() => other,
        other => json!({ "text": [other.to_string()] }),
    }
}

fn concrete(matcher: &Matcher) -> Concrete {
    match matcher {
        Matcher::Is(value) | Matcher::Equals(value) if !has_template(value) => Concrete::Value(value.clone()),
        // The first is what was recorded; that another would do as well, only a suite can say.
        Matcher::AnyOf(options) => options
            .iter()
            .map(concrete)
            .find(|option| !matches!(option, Concrete::No))
            .unwrap_or(Concrete::No),
        Matcher::List(items) => {
            let values = items.iter().map(|item| match concrete(item) {
                Concrete::Value(value) => Some(value),
                _ => None,
            });
            values
                .collect::<Option<Vec<Value>>>()
                .map_or(Concrete::No, |values| Concrete::Value(values.into()))
        }
        Matcher::Absent => Concrete::Absent,
        _ => Concrete::No,
    }
}

/// Whether something in the value is known only when it is played.
fn has_template(value: &Value) -> bool {
    match value {
        Value::String(text) => is_template(text),
        Value::Array(items) => items.iter().any(has_template),
        Value::Object(members) => members.values().any(has_template),
        _ => false,
    }
}

fn text_of(name: &Name) -> &str {
    match name {
        Name::Display(name) | Name::Id(name) => name,
    }
}

/// Notes without the line that names the tracked parameters, and these.
fn split_notes(notes: &str) -> (&str, Vec<&str>) {
    let notes = notes.trim();
    let (before, last) = notes.rsplit_once('\n').unwrap_or(("", notes));
    match last.strip_prefix(TRACKED) {
        Some(tracked) => (
            before.trim_end(),
            tracked
                .split(BETWEEN_TRACKED)
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .collect(),
        ),
        None => (notes, Vec::new()),
    }
}

#[cfg(test)]
mod tests;
