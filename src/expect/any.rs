//! Expectations about things of which a turn may have several: payloads, transfers, webhook calls, candidates.
//!
//! One of them must match. Matchers about lists look at all of them, and `not` turns the whole question round: none
//! must match.

use crate::model::Value;
use crate::model::suite::{Matcher, ValueType};

use super::describe::{describe, named, show};
use super::matcher::{self, Before, Difference, Scope, Subject, Verdict, evaluate};

/// Evaluates a matcher over several values, which the message calls `things`.
pub(super) fn evaluate_any(matcher: &Matcher, values: &[Value], things: &str, scope: &Scope) -> Verdict {
    match matcher {
        Matcher::Not(inner) => {
            let all = Value::Array(values.to_vec());
            let shown = (!values.is_empty()).then_some(&all);
            matcher::negate(evaluate_any(inner, values, things, scope), inner, shown, scope)
        }
        Matcher::AllOf(parts) if is_about_all(matcher) => {
            // What is about one value must hold of the same one.
            let (about_all, about_one): (Vec<&Matcher>, Vec<&Matcher>) =
                parts.iter().partition(|part| is_about_all(part));
            let one = (!about_one.is_empty()).then(|| {
                one_of(
                    &Matcher::AllOf(about_one.into_iter().cloned().collect()),
                    values,
                    things,
                    scope,
                )
            });
            let all = about_all
                .into_iter()
                .map(|part| evaluate_any(part, values, things, scope));
            matcher::all(all.chain(one))
        }
        Matcher::AnyOf(parts) if is_about_all(matcher) => {
            let each = parts.iter().map(|part| evaluate_any(part, values, things, scope));
            matcher::any(each, || nothing_holds(matcher, values))
        }
        _ if is_about_all(matcher) => about_all(matcher, values, scope),
        _ => one_of(matcher, values, things, scope),
    }
}

/// Evaluates a matcher over the list of all values.
fn about_all(matcher: &Matcher, values: &[Value], scope: &Scope) -> Verdict {
    let all = Value::Array(values.to_vec());
    let is_presence = matches!(matcher, Matcher::Absent | Matcher::Present);
    let subject = Subject {
        value: Some(&all).filter(|_| !(is_presence && values.is_empty())),
        before: Before::Unknown(NO_BEFORE),
    };
    evaluate(matcher, subject, scope)
}

/// None of several alternatives holds, some of which are about all values.
fn nothing_holds(matcher: &Matcher, values: &[Value]) -> Verdict {
    let words = describe(matcher);
    let actual = (!values.is_empty()).then(|| show(&Value::Array(values.to_vec())));
    Verdict::Differs(vec![Difference {
        path: String::new(),
        message: format!("expected {words}, was {}", actual.as_deref().unwrap_or("absent")),
        expected: Some(words),
        actual,
    }])
}

const NO_BEFORE: &str = "what a turn may have several of has no state before the turn";

fn one_of(matcher: &Matcher, values: &[Value], things: &str, scope: &Scope) -> Verdict {
    let subject = |value| Subject {
        value,
        before: Before::Unknown(NO_BEFORE),
    };
    match values {
        [] => match of_nothing(matcher, subject(None), scope) {
            Verdict::Differs(_) => Verdict::Differs(vec![Difference {
                path: String::new(),
                message: format!("there was no {things}; expected {}", describe(matcher)),
                expected: Some(describe(matcher)),
                actual: None,
            }]),
            other => other,
        },
        [only] => evaluate(matcher, subject(Some(only)), scope),
        _ => {
            let verdicts = values
                .iter()
                .map(|value| evaluate(matcher, subject(Some(value)), scope));
            matcher::any(verdicts, || {
                let words = describe(matcher);
                let message = format!(
                    "none of {} is {words}: {}",
                    values.len(),
                    named(values.iter().map(show), values.len(), ", ")
                );
                Verdict::Differs(vec![Difference {
                    path: String::new(),
                    message,
                    expected: Some(words),
                    actual: None,
                }])
            })
        }
    }
}

/// Members of something that is not there are not even absent.
fn of_nothing(matcher: &Matcher, nothing: Subject<'_>, scope: &Scope) -> Verdict {
    let again = |part| of_nothing(part, nothing, scope);
    match matcher {
        Matcher::AllOf(parts) if !parts.is_empty() => matcher::all(parts.iter().map(again)),
        Matcher::AnyOf(parts) if !parts.is_empty() => {
            matcher::any(parts.iter().map(again), || nothing_holds(matcher, &[]))
        }
        Matcher::Subset(_) => {
            matcher::unless_invalid(evaluate(matcher, nothing, scope), || nothing_holds(matcher, &[]))
        }
        _ => evaluate(matcher, nothing, scope),
    }
}

/// Whether a matcher, or a part of it, looks at the list of all values rather than at one of them. `not` does: it means
/// none.
fn is_about_all(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Absent
        | Matcher::Present
        | Matcher::List(_)
        | Matcher::Each(_)
        | Matcher::HasItem(_)
        | Matcher::HasLength(_)
        | Matcher::Not(_)
        | Matcher::IsType(ValueType::List)
        | Matcher::Is(Value::Array(_))
        | Matcher::Equals(Value::Array(_)) => true,
        Matcher::AllOf(parts) | Matcher::AnyOf(parts) => parts.iter().any(is_about_all),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verdict(matcher: &Matcher, values: &[Value]) -> Result<(), String> {
        let now = chrono::DateTime::parse_from_rfc3339("2026-03-02T10:00:00Z").unwrap();
        match evaluate_any(matcher, values, "payload", &Scope::new(now)) {
            Verdict::Holds => Ok(()),
            Verdict::Differs(differences) => Err(differences[0].told()),
            Verdict::Invalid(message) | Verdict::Unobservable(message) => Err(format!("! {message}")),
        }
    }

    fn not(matcher: Matcher) -> Matcher {
        Matcher::Not(Box::new(matcher))
    }

    #[test]
    fn one_of_several_is_enough() {
        let two = [json!("Billing"), json!("Sales")];
        let is = |name: &str| Matcher::Is(json!(name));
        assert_eq!(verdict(&is("Sales"), &two), Ok(()));
        assert_eq!(
            verdict(&is("Help"), &two).unwrap_err(),
            "none of 2 is \"Help\": \"Billing\", \"Sales\""
        );
        assert_eq!(
            verdict(&is("Help"), &[]).unwrap_err(),
            "there was no payload; expected \"Help\""
        );
        assert_eq!(
            verdict(&is("Help"), &two[..1]).unwrap_err(),
            "expected \"Help\", was \"Billing\""
        );
    }

    #[test]
    fn not_means_none() {
        let two = [json!("Billing"), json!("Sales")];
        assert!(verdict(&not(Matcher::Is(json!("Sales"))), &two).is_err());
        assert_eq!(verdict(&not(Matcher::Is(json!("Help"))), &two), Ok(()));
        assert_eq!(verdict(&not(Matcher::Is(json!("Help"))), &[]), Ok(()));
    }

    /// An agent that came by Billing passed `{ not: Billing, present: true }`, because Sales is not Billing.
    #[test]
    fn not_means_none_beside_and_within_others_too() {
        let two = [json!("Billing"), json!("Sales")];
        let is = |name: &str| Matcher::Is(json!(name));
        let all_of = |parts: &[Matcher]| Matcher::AllOf(parts.to_vec());
        let any_of = |parts: &[Matcher]| Matcher::AnyOf(parts.to_vec());
        let long = Matcher::HasLength(Box::new(is_number(2)));
        for other in [Matcher::Present, long, not(is("Help")), is("Sales")] {
            let both = all_of(&[not(is("Billing")), other.clone()]);
            assert!(verdict(&both, &two).is_err(), "{both:?}");
            assert!(verdict(&any_of(&[both.clone(), is("Help")]), &two).is_err());
            let neither = all_of(&[not(is("Help")), other]);
            assert_eq!(verdict(&neither, &two), Ok(()), "{neither:?}");
        }
    }

    /// `payload: { any_of: [{ absent: true }, { k: 1 }] }` failed on that very payload, and passed under `not`.
    #[test]
    fn alternatives_may_be_about_all_and_about_one() {
        let one = [json!({"k": 1})];
        let k = |value: i64| Matcher::Subset(vec![("k".into(), Matcher::Is(json!(value)))]);
        let absent_or = |other: Matcher| Matcher::AnyOf(vec![Matcher::Absent, other]);
        assert_eq!(verdict(&absent_or(k(1)), &one), Ok(()));
        assert_eq!(verdict(&absent_or(k(2)), &[]), Ok(()));
        assert_eq!(
            verdict(&absent_or(k(2)), &one).unwrap_err(),
            "expected any of absent, {k: 2}, was [{k: 1}]"
        );
        assert!(verdict(&not(absent_or(k(1))), &one).is_err());
        assert_eq!(verdict(&not(absent_or(k(2))), &one), Ok(()));
    }

    fn is_number(number: i64) -> Matcher {
        Matcher::Is(json!(number))
    }

    #[test]
    fn matchers_about_lists_look_at_all() {
        let two = [json!({"code": 0}), json!({"code": 14})];
        let good = Matcher::Subset(vec![("code".into(), Matcher::Is(json!(0)))]);
        assert_eq!(verdict(&good, &two), Ok(()));
        assert_eq!(
            verdict(&Matcher::Each(Box::new(good.clone())), &two).unwrap_err(),
            "[1].code: expected 0, was 14"
        );
        assert_eq!(
            verdict(&Matcher::HasLength(Box::new(Matcher::Is(json!(2)))), &two),
            Ok(())
        );
        assert_eq!(verdict(&Matcher::List(vec![]), &[]), Ok(()));
        assert_eq!(verdict(&Matcher::Absent, &[]), Ok(()));
        assert!(verdict(&Matcher::Absent, &two).is_err());
        assert_eq!(verdict(&Matcher::Present, &two), Ok(()));
        let both = Matcher::AllOf(vec![good, Matcher::HasLength(Box::new(Matcher::Is(json!(2))))]);
        assert_eq!(verdict(&both, &two), Ok(()));
        assert!(verdict(&both, &two[..1]).is_err());
    }
}
