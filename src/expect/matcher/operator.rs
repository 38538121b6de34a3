//! The operators that look at one value: texts, numbers, dates, lengths.

use std::cmp::Ordering;

use crate::model::suite::{Comparison, Matcher, SimilarityAlgorithm};
use crate::model::{Value, pattern};

use super::super::date::Moment;
use super::super::describe::{algorithm_name, comparison_words, describe, describe_with_unit, quote, show};
use super::super::json::{number, type_name};
use super::super::text;
use super::{Scope, Subject, Verdict, evaluate as evaluate_matcher, is, simple};

/// Evaluates an operator against a value that is there.
pub(super) fn evaluate(matcher: &Matcher, value: &Value, scope: &Scope) -> Verdict {
    let verdict = match matcher {
        Matcher::Contains(operand) => contains(operand, value, scope, false),
        Matcher::IContains(operand) => contains(operand, value, scope, true),
        Matcher::StartsWith(operand) => edge(operand, value, Edge::Start),
        Matcher::EndsWith(operand) => edge(operand, value, Edge::End),
        Matcher::Matches(pattern) => matches(pattern, value),
        Matcher::Compare(comparison, operand) => compare(*comparison, operand, value, scope),
        Matcher::Between(low, high) => between(low, high, value, scope),
        Matcher::Approx { to, within } => approx(to, within, value, scope),
        Matcher::HasLength(inner) => has_length(inner, value, scope),
        Matcher::Similar {
            to,
            at_least,
            algorithm,
        } => similar(to, at_least, *algorithm, value),
        Matcher::Wer { to, at_most } => word_error_rate(to, at_most, value),
        other => {
            let unknown = || Verdict::Invalid(format!("{} is no operator", describe(other)));
            return simple(other, value, scope).unwrap_or_else(unknown);
        }
    };
    match verdict {
        Ok(()) => Verdict::Holds,
        Err(Unlike::Mistake(message)) => Verdict::Invalid(message),
        Err(Unlike::Verdict(verdict)) => verdict,
        Err(Unlike::Value(message)) => {
            Verdict::differs(message, describe_with_unit(matcher, scope.unit), value)
        }
    }
}

/// Why an operator does not hold.
enum Unlike {
    /// The operand cannot be right.
    Mistake(String),
    /// The value is not as expected.
    Value(String),
    /// An inner matcher has the last word.
    Verdict(Verdict),
}

type Answer = Result<(), Unlike>;

fn answer(holds: bool, message: impl FnOnce() -> String) -> Answer {
    if holds {
        Ok(())
    } else {
        Err(Unlike::Value(message()))
    }
}

/// An operand as text: numbers and booleans are what templates may have made of it.
fn operand_text(name: &str, operand: &Value) -> Result<String, Unlike> {
    let text = match operand {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => show(operand),
        other => {
            let message = format!("`{name}` needs text, got {} {}", type_name(other), show(other));
            return Err(Unlike::Mistake(message));
        }
    };
    if text.is_empty() {
        return Err(Unlike::Mistake(format!(
            "`{name}` has an empty text to look for, which is everywhere"
        )));
    }
    Ok(text)
}

fn operand_number(name: &str, operand: &Value) -> Result<f64, Unlike> {
    number(operand).ok_or_else(|| {
        let hint = match operand {
            text if is_numeric(text) => "; `| number` in a template makes it one",
            _ => "",
        };
        let message = format!(
            "`{name}` needs a number, got {} {}{hint}",
            type_name(operand),
            show(operand)
        );
        Unlike::Mistake(message)
    })
}

fn needs(name: &str, wanted: &str, value: &Value) -> Unlike {
    let given = match value {
        Value::Null => "null".to_owned(),
        value => format!("{} {}", type_name(value), show(value)),
    };
    Unlike::Value(format!("`{name}` looks at {wanted}, was {given}"))
}

fn contains(operand: &Value, value: &Value, scope: &Scope, any_case: bool) -> Answer {
    let name = if any_case { "icontains" } else { "contains" };
    if let Value::Array(items) = value {
        if matches!(operand, Value::String(text) if text.is_empty()) {
            operand_text(name, operand)?;
        }
        let found = items.iter().any(|item| {
            is(operand, Some(item), scope) == Verdict::Holds || (any_case && same_in_any_case(operand, item))
        });
        return answer(found, || {
            format!("no item of {} is {}", items.len(), show(operand))
        });
    }
    let wanted = operand_text(name, operand)?;
    let Value::String(actual) = value else {
        return Err(needs(name, "text or a list", value));
    };
    let found = |one: &str, other: &str| contains_text(one, other);
    if any_case {
        let holds = found(&text::fold(actual), &text::fold(&wanted));
        return answer(holds, || {
            format!("does not contain {} in any case", quote(&wanted))
        });
    }
    answer(found(actual, &wanted), || {
        let other_case = found(&text::fold(actual), &text::fold(&wanted));
        let hint = if other_case { ", only in other case" } else { "" };
        format!("does not contain {}{hint}", quote(&wanted))
    })
}

fn same_in_any_case(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => text::alike(&text::fold(one), &text::fold(other)),
        _ => false,
    }
}

/// Any run of white space counts as one blank, unless white space is all there is to look for.
fn contains_text(actual: &str, wanted: &str) -> bool {
    actual.contains(wanted)
        || (!wanted.trim().is_empty() && text::squeeze(actual).contains(text::squeeze(wanted).as_ref()))
}

#[derive(Clone, Copy)]
enum Edge {
    Start,
    End,
}

fn edge(operand: &Value, value: &Value, edge: Edge) -> Answer {
    let (name, words) = match edge {
        Edge::Start => ("starts_with", "start"),
        Edge::End => ("ends_with", "end"),
    };
    let wanted = operand_text(name, operand)?;
    if wanted.trim().is_empty() {
        let message =
            format!("`{name}` has only white space to look for, which does not count at the ends of a text");
        return Err(Unlike::Mistake(message));
    }
    let Value::String(actual) = value else {
        return Err(needs(name, "text", value));
    };
    let squeezed = (text::squeeze(actual), text::squeeze(&wanted));
    let holds = match edge {
        Edge::Start => squeezed.0.trim_start().starts_with(squeezed.1.trim_start()),
        Edge::End => squeezed.0.trim_end().ends_with(squeezed.1.trim_end()),
    };
    answer(holds, || format!("does not {words} with {}", quote(&wanted)))
}

fn matches(expression: &str, value: &Value) -> Answer {
    if expression.is_empty() {
        return Err(Unlike::Mistake(
            "`matches` has an empty pattern, which is everywhere".to_owned(),
        ));
    }
    let regex = pattern::compile(expression).map_err(|error| Unlike::Mistake(pattern::why(&error)))?;
    let Value::String(actual) = value else {
        return Err(needs("matches", "text", value));
    };
    answer(regex.is_match(actual), || {
        format!(
            "does not match {}",
            describe(&Matcher::Matches(expression.to_owned())).trim_start_matches("matches ")
        )
    })
}

fn comparison_name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Greater => "gt",
        Comparison::GreaterOrEqual => "gte",
        Comparison::Less => "lt",
        Comparison::LessOrEqual => "lte",
    }
}

fn accepts(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
    }
}

fn compare(comparison: Comparison, operand: &Value, value: &Value, scope: &Scope) -> Answer {
    let ordering = order(comparison_name(comparison), value, operand, scope)?;
    answer(accepts(comparison, ordering), || {
        let unit = if value.is_number() { scope.unit } else { "" };
        format!(
            "is {}{unit}, not {} {}{unit}",
            show(value),
            comparison_words(comparison),
            show(operand)
        )
    })
}

fn between(low: &Value, high: &Value, value: &Value, scope: &Scope) -> Answer {
    let from = order("between", value, low, scope)?;
    let to = order("between", value, high, scope)?;
    if order("between", low, high, scope).is_ok_and(|ends| ends == Ordering::Greater) {
        let message = format!(
            "`between` has its ends swapped: {} is more than {}",
            show(low),
            show(high)
        );
        return Err(Unlike::Mistake(message));
    }
    answer(from != Ordering::Less && to != Ordering::Greater, || {
        let unit = if value.is_number() { scope.unit } else { "" };
        format!(
            "is {}{unit}, not between {}{unit} and {}{unit}",
            show(value),
            show(low),
            show(high)
        )
    })
}

/// How the value stands to the operand: as numbers, or as dates and times.
fn order(name: &str, value: &Value, operand: &Value, scope: &Scope) -> Result<Ordering, Unlike> {
    if let Some(wanted) = Moment::read(operand) {
        let ordering = Moment::read(value).and_then(|moment| moment.compare(wanted, *scope.now.offset()));
        return ordering.ok_or_else(|| {
            let kind = match wanted {
                Moment::Time(_) => "a time",
                _ => "a date",
            };
            needs(name, kind, value)
        });
    }
    if operand.is_string() && !is_numeric(operand) {
        let message = format!(
            "`{name}` needs a number, an ISO date or a time, got {}",
            show(operand)
        );
        return Err(Unlike::Mistake(message));
    }
    let wanted = operand_number(name, operand)?;
    let actual = number(value).ok_or_else(|| needs(name, "a number", value))?;
    Ok(actual.partial_cmp(&wanted).unwrap_or(Ordering::Less))
}

/// Whether a text is a number.
pub(in crate::expect) fn is_numeric(operand: &Value) -> bool {
    operand
        .as_str()
        .is_some_and(|text| text.trim().parse::<f64>().is_ok())
}

fn approx(to: &Value, within: &Value, value: &Value, scope: &Scope) -> Answer {
    let wanted = operand_number("approx", to)?;
    let allowed = operand_number("within", within)?;
    if allowed < 0.0 {
        return Err(Unlike::Mistake(format!(
            "`within` must not be negative, got {}",
            show(within)
        )));
    }
    let actual = number(value).ok_or_else(|| needs("approx", "a number", value))?;
    // A hair more than allowed is rounding: 0.4 is within 0.1 of 0.3.
    let rounding = f64::EPSILON * 8.0 * actual.abs().max(wanted.abs());
    let holds = (actual - wanted).abs() <= allowed + rounding;
    answer(holds, || {
        let unit = scope.unit;
        format!(
            "is {}{unit}, more than {}{unit} away from {}{unit}",
            show(value),
            show(within),
            show(to)
        )
    })
}

fn has_length(inner: &Matcher, value: &Value, scope: &Scope) -> Answer {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => {
            // The operand's own mistakes come first.
            if let Verdict::Invalid(message) = length_verdict(inner, 0, scope) {
                return Err(Unlike::Mistake(message));
            }
            return Err(needs("has_length", "text, a list or an object", other));
        }
    };
    match length_verdict(inner, length, scope) {
        Verdict::Holds => Ok(()),
        Verdict::Differs(_) => Err(Unlike::Value(format!(
            "has length {length}, not {}",
            describe(inner)
        ))),
        other => Err(Unlike::Verdict(other)),
    }
}

fn length_verdict(inner: &Matcher, length: usize, scope: &Scope) -> Verdict {
    evaluate_matcher(inner, Subject::item(&Value::from(length)), &scope.inner())
}

fn similar(to: &Value, at_least: &Value, algorithm: SimilarityAlgorithm, value: &Value) -> Answer {
    let wanted = operand_text("similar", to)?;
    let least = operand_number("at_least", at_least)?;
    let Value::String(actual) = value else {
        return Err(needs("similar", "text", value));
    };
    let score = text::similarity(&wanted, actual, algorithm).map_err(not_compared)?;
    answer(score + f64::EPSILON * 8.0 >= least, || {
        format!(
            "similarity to {} is {} ({}), not at least {}",
            quote(&wanted),
            hundredths_down(score),
            algorithm_name(algorithm),
            show(at_least)
        )
    })
}

/// What was not compared is neither alike nor different, whatever stands around it.
fn not_compared(reason: String) -> Unlike {
    Unlike::Verdict(Verdict::Unobservable(reason))
}

fn word_error_rate(to: &Value, at_most: &Value, value: &Value) -> Answer {
    let wanted = operand_text("wer", to)?;
    if text::words(&wanted).is_empty() {
        let message = format!("`wer` has no words to compare with in {}", quote(&wanted));
        return Err(Unlike::Mistake(message));
    }
    let most = operand_number("at_most", at_most)?;
    let Value::String(actual) = value else {
        return Err(needs("wer", "text", value));
    };
    let rate = text::word_error_rate(&wanted, actual).map_err(not_compared)?;
    answer(rate <= most + f64::EPSILON * 8.0, || {
        format!("word error rate is {rate:.3}, not at most {}", show(at_most))
    })
}

/// Rounded down, so that 0.8999 is not shown as 0.90 beside "not at least 0.9".
fn hundredths_down(score: f64) -> String {
    format!("{:.3}", (score * 1_000.0).floor() / 1_000.0)
}
