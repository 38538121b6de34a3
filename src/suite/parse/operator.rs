//! Operators and their operands.

use std::cmp::Ordering;
use std::time::Duration;

use super::super::template::text::{has_template, plain, plain_value, value_has_template};
use super::matcher::Looked;
use super::{Parser, Wording, ticked};
use crate::expect;
use crate::model::capability::{Group, Subject};
use crate::model::suite::{Comparison, DateMatcher, Matcher, SimilarityAlgorithm, ValueType};
use crate::model::{Value, pattern};
use crate::yaml::{Entry, Kind, Node};

/// How far ahead a weekday is looked for unless `within` says otherwise.
const A_WEEK: Duration = Duration::from_hours(7 * 24);

impl Parser {
    /// One operator of a matcher.
    pub(super) fn operator(&mut self, entry: &Entry, looked: Looked<'_>) -> Option<Matcher> {
        let (name, node) = (entry.key.name.as_str(), &entry.value);
        let what = ticked(name);
        // `is_type: null` names the type.
        let is_word = name == "is_type" && !node.span.is_empty();
        if node.is_null() && name != "equals" && !is_word {
            let example = Group::Operator.key(name).map_or("", |key| key.example);
            self.missing_value(node, &what, &format!("for example `{name}: {example}`"));
            return None;
        }
        if !looked.subject.takes(name) {
            self.never_holds(entry, looked.subject);
            return None;
        }
        match name {
            "equals"
                if matches!(
                    looked.subject,
                    Subject::Text | Subject::Number | Subject::Duration
                ) && !node.is_null() =>
            {
                let looked = Looked {
                    what: &what,
                    ..looked
                };
                self.plain(node, looked).map(Matcher::Equals)
            }
            "equals" if looked.subject == Subject::Signal => {
                let looked = Looked {
                    what: &what,
                    ..looked
                };
                self.signal(node, looked).map(Matcher::Equals)
            }
            "equals" => Some(Matcher::Equals(self.value(node))),
            "contains" => self.searched(node, &what, looked).map(Matcher::Contains),
            "icontains" => self.searched(node, &what, looked).map(Matcher::IContains),
            "starts_with" => self.edge(node, &what).map(Matcher::StartsWith),
            "ends_with" => self.edge(node, &what).map(Matcher::EndsWith),
            "matches" => self.pattern(node, &what).map(Matcher::Matches),
            "any_of" => self.several(node, &what, looked).map(Matcher::AnyOf),
            "all_of" => self.several(node, &what, looked).map(Matcher::AllOf),
            "not" => self
                .matcher(
                    node,
                    Looked {
                        what: &what,
                        ..looked
                    },
                )
                .map(Box::new)
                .map(Matcher::Not),
            "gt" => self.compared(node, &what, looked, Comparison::Greater),
            "gte" => self.compared(node, &what, looked, Comparison::GreaterOrEqual),
            "lt" => self.compared(node, &what, looked, Comparison::Less),
            "lte" => self.compared(node, &what, looked, Comparison::LessOrEqual),
            "between" => self.between(node, looked),
            "approx" => self.approx(node, looked),
            "has_length" => self.inner(node, &what, Subject::Number).map(Matcher::HasLength),
            "is_type" => self.value_type(node),
            "absent" => {
                self.only_true(
                    node,
                    &what,
                    "for something that must be there, write `present: true`",
                )?;
                Some(Matcher::Absent)
            }
            "present" => {
                self.only_true(
                    node,
                    &what,
                    "for something that must not be there, write `absent: true`",
                )?;
                Some(Matcher::Present)
            }
            "unchanged" => {
                self.only_true(
                    node,
                    &what,
                    "for a value that must change, write `not: { unchanged: true }`",
                )?;
                Some(Matcher::Unchanged)
            }
            "each" => self.inner(node, &what, looked.items().subject).map(Matcher::Each),
            "has_item" => self
                .inner(node, &what, looked.items().subject)
                .map(Matcher::HasItem),
            "similar" => self.similar(node),
            "wer" => self.word_error_rate(node),
            "date" => self.date(node).map(Matcher::Date),
            _ => None,
        }
    }

    /// An operator that cannot hold of what is looked at.
    fn never_holds(&mut self, operator: &Entry, subject: Subject) {
        let name = operator.key.name.as_str();
        let message = format!("`{name}` never holds of {}", subject.words());
        let fits: Vec<String> = Group::Operator
            .names()
            .into_iter()
            .filter(|name| subject.takes(name))
            .map(|name| format!("`{name}`"))
            .collect();
        self.reader
            .error("unfit-operator", message, operator.key.span.clone())
            .help
            .push(format!("operators that fit: {}", fits.join(", ")));
    }

    fn inner(&mut self, node: &Node, what: &str, subject: Subject) -> Option<Box<Matcher>> {
        self.matcher(node, Looked::new(what, subject)).map(Box::new)
    }

    /// What is looked for within a text or list: not empty, because nothing is found everywhere.
    fn searched(&mut self, node: &Node, what: &str, looked: Looked<'_>) -> Option<Value> {
        match &node.kind {
            Kind::List(_) => {
                let message = format!("{what} looks for one thing, not a list");
                let operator = what.trim_matches('`');
                self.reader
                    .error("wrong-type", message, node.span.clone())
                    .help
                    .push(format!(
                        "for several write `all_of: [{{ {operator}: … }}, {{ {operator}: … }}]`"
                    ));
                return None;
            }
            Kind::Map(_) if looked.subject != Subject::Any => {
                self.reader.wrong_type(node, what, "a text");
                return None;
            }
            Kind::Map(_) if holds_operator(node) => {
                let message = format!("{what} looks for this very value, and takes no operators");
                self.reader
                    .error("wrong-type", message, node.span.clone())
                    .help
                    .push("for an item that matches write `has_item: { … }`".to_owned());
                return None;
            }
            Kind::Text(text) if text.value.is_empty() => {
                self.empty_operand(node, what);
                return None;
            }
            _ => {}
        }
        if looked.subject == Subject::Any {
            return Some(self.value(node));
        }
        self.text(node, what, Wording::Free).map(Value::String)
    }

    /// What a text starts or ends with. White space does not count there.
    fn edge(&mut self, node: &Node, what: &str) -> Option<Value> {
        let wanted = self.searched(node, what, Looked::new(what, Subject::Text))?;
        if wanted.as_str().is_some_and(|wanted| wanted.trim().is_empty()) {
            let message = format!("{what} looks for white space, which does not count at the ends of a text");
            self.reader.error("empty-operand", message, node.span.clone());
            return None;
        }
        Some(wanted)
    }

    fn empty_operand(&mut self, node: &Node, what: &str) {
        let message = format!("{what} looks for an empty text, which is everywhere");
        self.reader
            .error("empty-operand", message, node.span.clone())
            .help
            .push("is a template's value empty? for no text at all, write `absent: true`".to_owned());
    }

    /// A regular expression.
    pub(super) fn pattern(&mut self, node: &Node, what: &str) -> Option<String> {
        let written = self.text(node, what, Wording::Free)?;
        if written.is_empty() {
            self.empty_operand(node, what);
            return None;
        }
        if !self.thorough || has_template(&written) {
            return Some(written);
        }
        let meant = plain(&written);
        if let Err(error) = pattern::compile(&meant) {
            self.bad_pattern(node, &meant, &error);
            return None;
        }
        Some(written)
    }

    /// A regular expression that must be known before the conversation is played.
    pub(super) fn fixed_pattern(&mut self, node: &Node, what: &str) -> Option<String> {
        if self.is_late(node, what) {
            return None;
        }
        let pattern = self.pattern(node, what)?;
        Some(plain(&pattern).into_owned())
    }

    fn bad_pattern(&mut self, node: &Node, pattern: &str, error: &regex::Error) {
        let told = error.to_string();
        let last = told.lines().last().unwrap_or_default();
        let message = format!(
            "not a regular expression: {}",
            last.strip_prefix("error: ").unwrap_or(last)
        );
        let span = match caret(&told, pattern) {
            Some(caret) => self.place_within(node, pattern, caret),
            None => node.span.clone(),
        };
        let problem = self.reader.error("bad-pattern", message, span);
        if last.contains("look-") || last.contains("backreference") {
            let help = "look-around and back references are not supported; `all_of` and `not` may do instead";
            problem.help.push(help.to_owned());
        }
    }

    fn several(&mut self, node: &Node, what: &str, looked: Looked<'_>) -> Option<Vec<Matcher>> {
        let items = self.reader.list(node, what)?;
        if items.is_empty() {
            self.reader.error(
                "empty-operand",
                format!("{what} lists nothing"),
                node.span.clone(),
            );
            return None;
        }
        let matchers: Vec<Matcher> = items
            .iter()
            .filter_map(|item| self.matcher(item, Looked { what, ..looked }))
            .collect();
        (matchers.len() == items.len()).then_some(matchers)
    }

    /// An operand of an ordering: what suits the subject, else a number, or a text such as an ISO date.
    fn ordered(&mut self, node: &Node, what: &str, looked: Looked<'_>) -> Option<Value> {
        match (looked.subject, &node.kind) {
            (Subject::Number | Subject::Duration, _) => self.plain(node, Looked { what, ..looked }),
            (_, Kind::Number(_)) => self.number(node, what),
            (_, Kind::Text(_)) => self.ordered_text(node, what),
            _ => {
                self.reader.wrong_type(node, what, "a number");
                None
            }
        }
    }

    /// A text that has a place in an order: a date, a time, or a number that a template has made a text.
    fn ordered_text(&mut self, node: &Node, what: &str) -> Option<Value> {
        let text = self.filled_text(node, what, Wording::Free)?;
        let value = Value::String(text);
        if !value_has_template(&value) && !expect::has_order(&plain_value(value.clone())) {
            self.reader.wrong_type(
                node,
                what,
                "a number, a date such as `2026-03-01` or a time such as `09:30`",
            );
            return None;
        }
        Some(value)
    }

    fn compared(
        &mut self,
        node: &Node,
        what: &str,
        looked: Looked<'_>,
        comparison: Comparison,
    ) -> Option<Matcher> {
        let operand = self.ordered(node, what, looked)?;
        Some(Matcher::Compare(comparison, operand))
    }

    fn between(&mut self, node: &Node, looked: Looked<'_>) -> Option<Matcher> {
        let Some([low, high]) = node.as_list() else {
            self.reader.wrong_type(node, "`between`", "a list of two values");
            return None;
        };
        let (from, to) = (
            self.ordered(low, "`between`", looked)?,
            self.ordered(high, "`between`", looked)?,
        );
        if !value_has_template(&from) && !value_has_template(&to) {
            self.ends(node, &plain_value(from.clone()), &plain_value(to.clone()))?;
        }
        Some(Matcher::Between(from, to))
    }

    /// Whether anything can lie between two values.
    fn ends(&mut self, node: &Node, low: &Value, high: &Value) -> Option<()> {
        let is_sound = |end: &Value| expect::order_of(end, end).is_some();
        let message = match expect::order_of(low, high) {
            Some(Ordering::Greater) => "nothing lies between these: the first is greater than the second",
            None if is_sound(low) && is_sound(high) => {
                "nothing lies between these: both are numbers, dates or times of a day"
            }
            _ => return Some(()),
        };
        self.reader.error("out-of-range", message, node.span.clone());
        None
    }

    fn approx(&mut self, node: &Node, looked: Looked<'_>) -> Option<Matcher> {
        let map = self.group(node, Group::Approx)?;
        let (to, within) = (map.get("to")?, map.get("within")?);
        let subject = match looked.subject {
            Subject::Duration => Subject::Duration,
            _ => Subject::Number,
        };
        let to = self.plain(to, Looked::new("`to`", subject))?;
        let distance = self.plain(within, Looked::new("`within`", subject))?;
        if distance.as_f64().is_some_and(|distance| distance < 0.0) {
            let message = "`within` is a distance, and cannot be less than 0";
            self.reader.error("out-of-range", message, within.span.clone());
            return None;
        }
        let within = distance;
        Some(Matcher::Approx { to, within })
    }

    fn value_type(&mut self, node: &Node) -> Option<Matcher> {
        const TYPES: [(&str, ValueType); 7] = [
            ("text", ValueType::Text),
            ("number", ValueType::Number),
            ("integer", ValueType::Integer),
            ("boolean", ValueType::Boolean),
            ("list", ValueType::List),
            ("object", ValueType::Object),
            ("null", ValueType::Null),
        ];
        if node.is_null() {
            return Some(Matcher::IsType(ValueType::Null));
        }
        let found = self.choice(node, "`is_type`", &TYPES.map(|(name, _)| name))?;
        TYPES
            .iter()
            .find(|(name, _)| *name == found)
            .map(|(_, kind)| Matcher::IsType(*kind))
    }

    fn similar(&mut self, node: &Node) -> Option<Matcher> {
        const ALGORITHMS: [(&str, SimilarityAlgorithm); 3] = [
            ("levenshtein", SimilarityAlgorithm::Levenshtein),
            ("jaro_winkler", SimilarityAlgorithm::JaroWinkler),
            ("words", SimilarityAlgorithm::Words),
        ];
        let map = self.group(node, Group::Similar)?;
        let algorithm = match map.get("algorithm") {
            None => SimilarityAlgorithm::Levenshtein,
            Some(node) => {
                let found = self.choice(node, "`algorithm`", &ALGORITHMS.map(|(name, _)| name))?;
                ALGORITHMS.iter().find(|(name, _)| *name == found)?.1
            }
        };
        let (to, at_least) = (map.get("to")?, map.get("at_least")?);
        let to = self.filled_text(to, "`to`", Wording::Free)?;
        let at_least = self.likeness(at_least)?;
        Some(Matcher::Similar {
            to: Value::String(to),
            at_least,
            algorithm,
        })
    }

    fn word_error_rate(&mut self, node: &Node) -> Option<Matcher> {
        let map = self.group(node, Group::Wer)?;
        let (to, at_most) = (map.get("to")?, map.get("at_most")?);
        let to = self.filled_text(to, "`to`", Wording::Free)?;
        let at_most = self.rate_of_errors(at_most)?;
        Some(Matcher::Wer {
            to: Value::String(to),
            at_most,
        })
    }

    /// A number above 0, which every text reaches, and up to 1.
    fn likeness(&mut self, node: &Node) -> Option<Value> {
        let value = self.number(node, "`at_least`")?;
        if value.as_f64().is_some_and(|value| !(value > 0.0 && value <= 1.0)) {
            let message = "`at_least` must lie above 0, which every text reaches, and be 1 at most";
            self.reader.error("out-of-range", message, node.span.clone());
            return None;
        }
        Some(value)
    }

    /// A number from 0 on: more words than were said can be wrong, fewer than none cannot.
    fn rate_of_errors(&mut self, node: &Node) -> Option<Value> {
        let value = self.number(node, "`at_most`")?;
        if value.as_f64().is_some_and(|value| value < 0.0) {
            let message = "`at_most` is a share of words, and cannot be less than 0";
            self.reader.error("out-of-range", message, node.span.clone());
            return None;
        }
        Some(value)
    }

    fn date(&mut self, node: &Node) -> Option<DateMatcher> {
        if node.as_map().is_none() {
            return self.day(node).map(DateMatcher::On);
        }
        let map = self.group(node, Group::Date)?;
        match (map.entry("from_today"), map.entry("weekday"), map.entry("within")) {
            (Some(days), None, None) => self.whole_days(&days.value).map(DateMatcher::FromToday),
            (None, Some(weekday), within) => {
                let within = match within {
                    None => A_WEEK,
                    Some(entry) => self.duration(&entry.value, "`within`")?,
                };
                let weekday = self.weekday(&weekday.value)?;
                Some(DateMatcher::Weekday { weekday, within })
            }
            _ => {
                let message = "`date` is a day, `{ from_today: n }`, or `{ weekday: …, within: … }`";
                self.reader.error("bad-date", message, node.span.clone());
                None
            }
        }
    }

    fn day(&mut self, node: &Node) -> Option<Value> {
        let text = self.filled_text(node, "`date`", Wording::Name)?;
        if !has_template(&text) && text.parse::<chrono::NaiveDate>().is_err() {
            let message = format!("`date` must be a day such as `2026-03-01`, not `{text}`");
            self.reader.error("bad-date", message, node.span.clone());
            return None;
        }
        Some(Value::String(text))
    }

    fn whole_days(&mut self, node: &Node) -> Option<Value> {
        let value = self.number(node, "`from_today`")?;
        if !value_has_template(&value) && value.as_i64().is_none() {
            let message = "`from_today` must be a whole number of days";
            self.reader.error("out-of-range", message, node.span.clone());
            return None;
        }
        Some(value)
    }

    fn weekday(&mut self, node: &Node) -> Option<chrono::Weekday> {
        use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        const DAYS: [(&str, chrono::Weekday); 7] = [
            ("monday", Mon),
            ("tuesday", Tue),
            ("wednesday", Wed),
            ("thursday", Thu),
            ("friday", Fri),
            ("saturday", Sat),
            ("sunday", Sun),
        ];
        let found = self.choice(node, "`weekday`", &DAYS.map(|(name, _)| name))?;
        DAYS.iter().find(|(name, _)| *name == found).map(|(_, day)| *day)
    }
}

/// Whether a mapping, or one within it, has operators among its keys.
fn holds_operator(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(map) => map
            .entries
            .iter()
            .any(|entry| Group::Operator.key(&entry.key.name).is_some() || holds_operator(&entry.value)),
        Kind::List(list) => list.items.iter().any(holds_operator),
        _ => false,
    }
}

/// Where a regular expression goes wrong, in characters: the error draws a caret below the pattern.
fn caret(told: &str, pattern: &str) -> Option<usize> {
    const INDENT: usize = 4;
    let mut lines = told
        .lines()
        .skip_while(|line| line.get(INDENT..) != Some(pattern));
    lines.nth(1)?.find('^')?.checked_sub(INDENT)
}
