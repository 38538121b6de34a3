//! Three cases → one: what has changed between the conversation that a test case would be and the conversation of
//! today goes into the case, and everything else of it stays as it is, known or not.

use std::collections::{BTreeSet, HashMap};

use chrono::DateTime;
use serde_json::json;

use super::align::{Step, align};
use super::case::{Case, LeftOut, TURNS, mark_of, without_marks};
use super::recording::plain_name;
use super::webhooks::is_same;
use crate::expect;
use crate::model::suite::Matcher;
use crate::model::{Map, Value};

/// The inputs of a turn, exactly one of which is there.
const INPUTS: [&str; 4] = ["text", "event", "intent", "dtmf"];

/// The case with what changed from `before` to `after`.
pub(super) fn merge(original: &Value, before: &Case, after: &Case) -> Value {
    let merge = Merge {
        left_out: after
            .left_out
            .iter()
            .map(|left_out| (left_out.mark.as_str(), left_out))
            .collect(),
    };
    let mut case = object(original);
    merge.case(&mut case, &object(&before.value), &object(&after.value));
    Value::Object(case)
}

/// What becomes of the turns; nothing where those of the case are not the ones that are known, and all are new.
pub(super) fn steps(original: &Value, before: &Case, after: &Case) -> Option<Vec<Step>> {
    let of = |case: &Value| {
        case.get(TURNS)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    steps_between(&of(original), &of(&before.value), &of(&after.value))
}

fn steps_between(original: &[Value], before: &[Value], after: &[Value]) -> Option<Vec<Step>> {
    (original.len() == before.len()).then(|| align(before, after, similarity))
}

/// A case of which nothing was known before.
pub(super) fn fresh(case: &Case, id: &str) -> Value {
    let mut fresh = object(&case.value);
    if let Some(Value::Array(turns)) = fresh.get_mut(TURNS) {
        for turn in turns {
            *turn = fresh_turn(turn);
        }
    }
    let mut new = Map::new();
    new.insert("name".to_owned(), json!(id));
    new.extend(without_marks(&Value::Object(fresh)).iter().flat_map(object));
    Value::Object(new)
}

fn fresh_turn(turn: &Value) -> Value {
    let mut turn = without_marks(turn).unwrap_or_else(|| json!({}));
    if let Some(Value::Object(output)) = turn.get_mut("virtualAgentOutput") {
        // What is empty is not written, as the service does not.
        output.retain(|_, value| !is_empty(value));
    }
    if let Value::Object(members) = &mut turn {
        let expected = members
            .get("expectations")
            .and_then(|of| of.get("expectedSessionParameters"));
        if expected.is_some_and(is_empty) {
            members.shift_remove("expectations");
        }
    }
    turn
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn object(value: &Value) -> Map {
    value.as_object().cloned().unwrap_or_default()
}

/// A member that is an object; an empty one where there is none.
fn within(value: &Map, key: &str) -> Map {
    value.get(key).map(object).unwrap_or_default()
}

fn list<'a>(value: &'a Map, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Puts a member back that was taken out to be changed; one that became empty goes. What was not changed stays as it is
/// written, be it `null`.
fn put_back(value: &mut Map, key: &str, changed: Map) {
    if changed == within(value, key) {
        return;
    }
    if changed.is_empty() {
        value.shift_remove(key);
    } else {
        value.insert(key.to_owned(), Value::Object(changed));
    }
}

struct Merge<'a> {
    /// What today's conversation says that no test case can, by mark.
    left_out: HashMap<&'a str, &'a LeftOut>,
}

impl Merge<'_> {
    fn case(&self, case: &mut Map, before: &Map, after: &Map) {
        self.member(case, "displayName", before, after);
        self.member(case, "notes", before, after);
        self.texts(case, "tags", before, after, |tag| {
            tag.as_str()
                .is_some_and(|tag| !tag.trim().trim_start_matches('#').is_empty())
        });
        // It repeats what the turns say: where it was not written it need not be.
        if case.contains_key("languageCode") {
            self.member(case, "languageCode", before, after);
        }
        let mut config = within(case, "testConfig");
        let (was, is) = (within(before, "testConfig"), within(after, "testConfig"));
        self.member(&mut config, "flow", &was, &is);
        self.member(&mut config, "page", &was, &is);
        self.texts(&mut config, "trackingParameters", &was, &is, Value::is_string);
        put_back(case, "testConfig", config);
        creation_time(case, before.get("creationTime"), after.get("creationTime"));
        self.turns(case, list(before, TURNS), list(after, TURNS));
    }

    /// A member that is one value.
    fn member(&self, value: &mut Map, key: &str, before: &Map, after: &Map) {
        if before.get(key) == after.get(key) {
            return;
        }
        let settled = after
            .get(key)
            .and_then(|wanted| self.settled(wanted, value.get(key)));
        match settled {
            Some(settled) => drop(value.insert(key.to_owned(), settled)),
            None => drop(value.shift_remove(key)),
        }
    }

    /// What is to stand where `there` stands now. Of what is no single value, the recorded one is an example, if it
    /// is what is expected.
    fn settled(&self, wanted: &Value, there: Option<&Value>) -> Option<Value> {
        match mark_of(wanted) {
            Some(mark) => there.filter(|there| self.fits(mark, there)).cloned(),
            None => without_marks(wanted),
        }
    }

    fn fits(&self, mark: &str, value: &Value) -> bool {
        let matcher: Option<&Matcher> = self.left_out.get(mark).and_then(|of| of.matcher.as_ref());
        let epoch = DateTime::UNIX_EPOCH.fixed_offset();
        matcher.is_some_and(|matcher| expect::matches(matcher, value, epoch).unwrap_or(false))
    }

    /// A list of texts, of which `counts` tells those that suites hold.
    fn texts(&self, value: &mut Map, key: &str, before: &Map, after: &Map, counts: fn(&Value) -> bool) {
        let (was, is) = (list(before, key), list(after, key));
        if was == is {
            return;
        }
        let changed = self.elements(list(value, key), was, is, counts, |_, text| text.clone());
        if changed.is_empty() {
            value.shift_remove(key);
        } else {
            value.insert(key.to_owned(), Value::Array(changed));
        }
    }

    /// The elements of a list after it has changed. Elements that suites do not hold stay where they are.
    fn elements(
        &self,
        original: &[Value],
        before: &[Value],
        after: &[Value],
        counts: fn(&Value) -> bool,
        replace: impl Fn(&Value, &Value) -> Value,
    ) -> Vec<Value> {
        let held: Vec<usize> = (0..original.len()).filter(|at| counts(&original[*at])).collect();
        if held.len() != before.len() {
            return after.iter().filter_map(without_marks).collect();
        }
        let mut changed = Vec::new();
        let mut next = 0;
        for step in align(before, after, |_, _| 0.0) {
            if let Step::Same(at) | Step::Changed(at, _) | Step::Removed(at) = step {
                changed.extend_from_slice(&original[next..held[at]]);
                next = held[at] + 1;
            }
            match step {
                Step::Same(at) => changed.push(original[held[at]].clone()),
                Step::Changed(at, now) => {
                    let there = &original[held[at]];
                    match mark_of(&after[now]) {
                        Some(mark) if self.fits(mark, &said(there)) => changed.push(there.clone()),
                        Some(_) => {}
                        None => changed.push(replace(there, &after[now])),
                    }
                }
                Step::Added(now) => changed.extend(without_marks(&after[now])),
                Step::Removed(_) => {}
            }
        }
        changed.extend_from_slice(&original[next..]);
        changed
    }

    fn turns(&self, case: &mut Map, before: &[Value], after: &[Value]) {
        let original = list(case, TURNS);
        let merged: Vec<Value> = if let Some(steps) = steps_between(original, before, after) {
            let merged = steps.into_iter().filter_map(|step| match step {
                Step::Same(at) => Some(original[at].clone()),
                Step::Changed(at, now) => Some(self.turn(&original[at], &before[at], &after[now])),
                Step::Added(now) => Some(fresh_turn(&after[now])),
                Step::Removed(_) => None,
            });
            merged.collect()
        } else {
            after.iter().map(fresh_turn).collect()
        };
        case.insert(TURNS.to_owned(), Value::Array(merged));
    }

    fn turn(&self, original: &Value, before: &Value, after: &Value) -> Value {
        let mut turn = object(original);
        let (before, after) = (object(before), object(after));
        let parts = |key: &str| (within(&before, key), within(&after, key));
        let (was, is) = parts("userInput");
        let mut user = within(&turn, "userInput");
        if turn.contains_key("userInput") {
            self.user(&mut user, &was, &is);
        } else if was != is {
            // Nobody said anything: what is said now comes with all that goes along.
            user = without_marks(&Value::Object(is))
                .as_ref()
                .map(object)
                .unwrap_or_default();
        }
        put_back(&mut turn, "userInput", user);
        let mut output = within(&turn, "virtualAgentOutput");
        let (output_was, output_is) = parts("virtualAgentOutput");
        self.output(&mut output, &output_was, &output_is);
        put_back(&mut turn, "virtualAgentOutput", output);
        let mut expectations = within(&turn, "expectations");
        let (was, is) = parts("expectations");
        self.expected(&mut expectations, &was, &is, [&output_was, &output_is]);
        put_back(&mut turn, "expectations", expectations);
        Value::Object(turn)
    }

    fn user(&self, user: &mut Map, before: &Map, after: &Map) {
        self.member(user, "isWebhookEnabled", before, after);
        self.member(user, "enableSentimentAnalysis", before, after);
        self.keyed(user, "injectedParameters", before, after);
        let (was, is) = (within(before, "input"), within(after, "input"));
        if was == is {
            return;
        }
        let mut input = within(user, "input");
        if INPUTS.iter().any(|kind| was.get(*kind) != is.get(*kind)) {
            // It comes first, as the service writes it.
            let recorded = input.clone();
            let said = INPUTS.iter().filter_map(|kind| {
                let wanted = is.get(*kind)?;
                let example = recorded.get(*kind).filter(|_| mark_of(wanted).is_some());
                let said = example.cloned().or_else(|| without_marks(wanted))?;
                Some(((*kind).to_owned(), said))
            });
            let rest = input
                .into_iter()
                .filter(|(key, _)| !INPUTS.contains(&key.as_str()));
            input = said.chain(rest).collect();
        }
        self.member(&mut input, "languageCode", &was, &is);
        put_back(user, "input", input);
    }

    fn output(&self, output: &mut Map, before: &Map, after: &Map) {
        let recorded = output.clone();
        self.keyed(output, "sessionParameters", before, after);
        let mut intent = within(output, "triggeredIntent");
        let (was, is) = (
            within(before, "triggeredIntent"),
            within(after, "triggeredIntent"),
        );
        self.member(&mut intent, "name", &was, &is);
        if !intent.contains_key("name") && was != is {
            intent.clear();
        }
        put_back(output, "triggeredIntent", intent);
        self.place(
            output,
            &within(before, "currentPage"),
            &within(after, "currentPage"),
        );
        self.responses(output, before.get("textResponses"), after.get("textResponses"));
        // With an output, the error that was recorded instead of one is none any more.
        if *output != recorded {
            output.shift_remove("status");
        }
    }

    /// Page and flow; the flow is written twice.
    fn place(&self, output: &mut Map, before: &Map, after: &Map) {
        let mut page = within(output, "currentPage");
        self.member(&mut page, "name", before, after);
        if before.get("flow") != after.get("flow") {
            let mut flow = within(output, "currentFlow");
            self.flow(&mut page, &mut flow, after.get("flow"));
            put_back(output, "currentFlow", flow);
        }
        put_back(output, "currentPage", page);
    }

    fn flow(&self, page: &mut Map, flow: &mut Map, wanted: Option<&Value>) {
        let told = [page.get("flow"), flow.get("name"), flow.get("displayName")];
        let there = told
            .into_iter()
            .flatten()
            .find(|name| **name != json!(""))
            .cloned();
        let Some(settled) = wanted.and_then(|wanted| self.settled(wanted, there.as_ref())) else {
            page.shift_remove("flow");
            flow.clear();
            return;
        };
        let mut is_told = false;
        let mut rename = |place: &mut Map, key: &str| {
            if let Some(name) = place.get_mut(key).filter(|name| there.as_ref() == Some(&**name)) {
                name.clone_from(&settled);
                is_told = true;
            }
        };
        rename(page, "flow");
        rename(flow, "name");
        rename(flow, "displayName");
        if !is_told {
            page.insert("flow".to_owned(), settled);
        }
    }

    /// The agent's texts.
    fn responses(&self, output: &mut Map, before: Option<&Value>, after: Option<&Value>) {
        const KEY: &str = "textResponses";
        if before == after {
            return;
        }
        let was = before.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let changed = match after {
            None => Vec::new(),
            Some(Value::Array(is)) => {
                self.elements(list(output, KEY), was, is, has_one_text, |there, text| {
                    let mut response = object(there);
                    response.extend(object(text));
                    Value::Object(response)
                })
            }
            Some(wanted) => {
                let there = list(output, KEY);
                let texts: Vec<Value> = there.iter().filter(|text| has_one_text(text)).map(said).collect();
                let lines: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
                let fits = mark_of(wanted).is_some_and(|mark| {
                    let is_list = self.left_out.get(mark).is_some_and(|of| of.what == "replies");
                    let whole = if is_list {
                        json!(texts)
                    } else {
                        json!(lines.join("\n"))
                    };
                    self.fits(mark, &whole)
                });
                if fits { there.to_vec() } else { Vec::new() }
            }
        };
        if changed.is_empty() {
            output.shift_remove(KEY);
        } else {
            output.insert(KEY.to_owned(), Value::Array(changed));
        }
    }

    /// Parameters by name, with or without the scope before it.
    fn keyed(&self, value: &mut Map, key: &str, before: &Map, after: &Map) {
        if before.get(key) == after.get(key) {
            return;
        }
        let (was, is) = (within(before, key), within(after, key));
        let mut parameters = within(value, key);
        for name in names([was.keys(), is.keys()]) {
            if was.get(name) == is.get(name) {
                continue;
            }
            let written = if parameters.contains_key(name) {
                Some(name.clone())
            } else {
                parameters
                    .keys()
                    .find(|key| plain_name(key) == name.as_str())
                    .cloned()
            };
            let written = written.unwrap_or_else(|| name.clone());
            let settled = is
                .get(name)
                .and_then(|wanted| self.settled(wanted, parameters.get(&written)));
            match settled {
                Some(settled) => drop(parameters.insert(written, settled)),
                None => drop(parameters.shift_remove(&written)),
            }
        }
        put_back(value, key, parameters);
    }

    /// Parameters that are expected one by one. Those that suites do not repeat, because all parameters are
    /// expected, follow these.
    fn expected(&self, expectations: &mut Map, before: &Map, after: &Map, outputs: [&Map; 2]) {
        const KEY: &str = "expectedSessionParameters";
        let [was, is] = [before, after].map(|of| by_key(list(of, KEY)));
        let [all_was, all_is] = outputs.map(|output| within(output, "sessionParameters"));
        let mut pairs = list(expectations, KEY).to_vec();
        let had_any = !pairs.is_empty();
        let place = |pairs: &[Value], name: &str| {
            pairs
                .iter()
                .position(|pair| pair["key"].as_str().is_some_and(|key| plain_name(key) == name))
        };
        for name in names([was.keys(), is.keys()]) {
            if was.get(name) == is.get(name) {
                continue;
            }
            let at = place(&pairs, name);
            let there = at.and_then(|at| pairs[at].get("value").cloned());
            let settled = is
                .get(name)
                .and_then(|wanted| self.settled(wanted, there.as_ref()));
            match (settled, at) {
                (Some(settled), Some(at)) => pairs[at]["value"] = settled,
                (Some(settled), None) => pairs.push(json!({ "key": name, "value": settled })),
                (None, Some(at)) => drop(pairs.remove(at)),
                (None, None) => {}
            }
        }
        for name in names([all_was.keys(), all_is.keys()]) {
            let (old, new) = (all_was.get(name), all_is.get(name));
            if old == new || was.contains_key(name) || is.contains_key(name) {
                continue;
            }
            let Some(at) = place(&pairs, name) else { continue };
            if !old.is_some_and(|old| is_same(old, &pairs[at]["value"])) {
                continue;
            }
            match new.and_then(without_marks) {
                Some(new) => pairs[at]["value"] = new,
                None => drop(pairs.remove(at)),
            }
        }
        if !pairs.is_empty() {
            expectations.insert(KEY.to_owned(), Value::Array(pairs));
        } else if had_any {
            expectations.shift_remove(KEY);
        }
    }
}

/// All names of both, in their order.
fn names<'a>(keys: [impl Iterator<Item = &'a String>; 2]) -> impl Iterator<Item = &'a String> {
    let mut seen = BTreeSet::new();
    keys.into_iter().flatten().filter(move |name| seen.insert(*name))
}

/// The values of `{key, value}` pairs; of equal keys the first counts.
fn by_key(pairs: &[Value]) -> Map {
    let mut values = Map::new();
    for pair in pairs {
        if let Some(key) = pair.get("key").and_then(Value::as_str) {
            let value = pair.get("value").cloned().unwrap_or_default();
            values.entry(plain_name(key)).or_insert(value);
        }
    }
    values
}

/// Seconds keep the type that they had; a time of a suite has no fraction that the service would not have written.
fn creation_time(case: &mut Map, before: Option<&Value>, after: Option<&Value>) {
    if before == after {
        return;
    }
    let Some(after) = after else {
        case.shift_remove("creationTime");
        return;
    };
    let mut time = within(case, "creationTime");
    let is_text = time.get("seconds").is_some_and(Value::is_string);
    let seconds = after.get("seconds").cloned().unwrap_or_default();
    let seconds = if is_text {
        json!(seconds.to_string())
    } else {
        seconds
    };
    time.insert("seconds".to_owned(), seconds);
    time.insert(
        "nanos".to_owned(),
        after.get("nanos").cloned().unwrap_or_default(),
    );
    case.insert("creationTime".to_owned(), Value::Object(time));
}

/// Whether a response is one text that is not blank: only these become replies one by one.
fn has_one_text(response: &Value) -> bool {
    let texts = response.get("text").and_then(Value::as_array);
    texts.is_some_and(|texts| match texts.as_slice() {
        [Value::String(text)] => !text.trim().is_empty(),
        // Several texts are several replies: then the lists do not fit, and the new one is taken.
        several => several.len() > 1,
    })
}

/// The text of a response, or the text itself.
fn said(value: &Value) -> Value {
    value
        .get("text")
        .and_then(|texts| texts.get(0))
        .unwrap_or(value)
        .clone()
}

/// How likely one turn has become the other: by what is the same in both.
fn similarity(before: &Value, after: &Value) -> f64 {
    const PARTS: [(&str, f64); 5] = [
        ("/userInput/input", 4.0),
        ("/virtualAgentOutput/textResponses", 3.0),
        ("/virtualAgentOutput/triggeredIntent", 1.5),
        ("/virtualAgentOutput/currentPage", 1.0),
        ("/virtualAgentOutput/sessionParameters", 0.5),
    ];
    PARTS
        .iter()
        .filter(|(part, _)| {
            before
                .pointer(part)
                .is_some_and(|there| after.pointer(part) == Some(there))
        })
        .map(|(_, weight)| weight)
        .sum()
}

#[cfg(test)]
mod tests;
