//! Where texts stand in a conversation: every place that a template may fill.

use super::{Scope, TemplateError, as_text, fill};
use crate::model::suite::{
    Check, DateMatcher, EmulatorOverride, Expectation, ExpectedCall, Input, Matcher, Name, SessionEntityType,
    Start, StubResponse, StubRule, Stubs, ToolCallsCheck, Turn, VisitedStep, With,
};
use crate::model::{Map, Value};

/// A thing that may hold `{{ … }}`.
pub trait Template {
    /// Whether there is nothing to fill.
    fn is_final(&self) -> bool;

    /// Fills everything.
    ///
    /// # Errors
    /// When a name is not bound, or an operand is empty once it is filled.
    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError>;
}

impl Template for String {
    fn is_final(&self) -> bool {
        !self.contains("{{")
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        if !self.is_final() {
            *self = as_text(&fill(self, scope)?).into_owned();
        }
        Ok(())
    }
}

impl Template for Value {
    fn is_final(&self) -> bool {
        match self {
            Self::String(text) => text.is_final(),
            Self::Array(items) => items.is_final(),
            Self::Object(members) => members.is_final(),
            _ => true,
        }
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        match self {
            Self::String(text) if !text.is_final() => *self = fill(text, scope)?,
            Self::Array(items) => items.fill(scope)?,
            Self::Object(members) => members.fill(scope)?,
            _ => {}
        }
        Ok(())
    }
}

impl Template for Map {
    fn is_final(&self) -> bool {
        self.values().all(Template::is_final)
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        self.values_mut().try_for_each(|value| value.fill(scope))
    }
}

impl<T: Template> Template for Vec<T> {
    fn is_final(&self) -> bool {
        self.iter().all(Template::is_final)
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        self.iter_mut().try_for_each(|item| item.fill(scope))
    }
}

impl<T: Template> Template for Option<T> {
    fn is_final(&self) -> bool {
        self.as_ref().is_none_or(Template::is_final)
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        self.as_mut().map_or(Ok(()), |inner| inner.fill(scope))
    }
}

impl<T: Template> Template for Box<T> {
    fn is_final(&self) -> bool {
        (**self).is_final()
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        (**self).fill(scope)
    }
}

/// Pairs: a name that stays, and what it names. (Names of members are never templates.)
impl<T: Template> Template for (String, T) {
    fn is_final(&self) -> bool {
        self.1.is_final()
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        self.1.fill(scope)
    }
}

/// A struct holds what its named fields hold.
macro_rules! fields {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl Template for $type {
            fn is_final(&self) -> bool {
                $(self.$field.is_final())&&+
            }

            fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
                $(self.$field.fill(scope)?;)+
                Ok(())
            }
        }
    };
}

fields!(Turn {
    input,
    with,
    when,
    answers,
    expect
});
fields!(Start {
    flow,
    page,
    playbook,
    agent,
    parameters,
    history
});
fields!(With {
    parameters,
    variables,
    language,
    time_zone,
    payload,
    webhook_headers,
    channel,
    session_entity_types,
    flow_versions,
    deployment,
    entry_agent,
    remote_dialogflow,
    emulator,
});
fields!(EmulatorOverride { matched, webhook });
fields!(SessionEntityType {
    entity_type,
    entities
});
fields!(Stubs { by_name });
fields!(StubRule { when, respond });
fields!(Expectation { check });
fields!(ExpectedCall {
    tool,
    args,
    all_args,
    times,
    response,
    agent
});

/// An enum holds what the variants listed hold; the others hold nothing.
macro_rules! variants {
    ($type:ty { $($pattern:pat => [$($field:ident),*]),+ $(,)? }) => {
        impl Template for $type {
            fn is_final(&self) -> bool {
                match self {
                    $($pattern => true $(&& $field.is_final())*,)+
                }
            }

            fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
                match self {
                    $($pattern => { $($field.fill(scope)?;)* })+
                }
                Ok(())
            }
        }
    };
}

variants!(Name { Self::Display(name) | Self::Id(name) => [name] });
variants!(Input {
    Self::Say(text) | Self::Event(text) => [text],
    Self::Intent(name) => [name],
    Self::Dtmf { digits, finish } => [digits, finish],
    Self::Silence => [],
    Self::Variables(variables) => [variables],
});
variants!(StubResponse {
    Self::Answer(answer) => [answer],
    Self::Delayed { then, .. } => [then],
    Self::Status(_) | Self::Timeout | Self::Unreachable => [],
});
variants!(VisitedStep {
    Self::Anything => [],
    Self::Place(matcher) => [matcher],
});
variants!(ToolCallsCheck {
    Self::Exactly(calls) | Self::Ordered(calls) | Self::AnyOrder(calls) | Self::Include(calls)
        | Self::Never(calls) => [calls],
    Self::All(checks) => [checks],
});
variants!(DateMatcher {
    Self::On(value) | Self::FromToday(value) => [value],
    Self::Weekday { .. } => [],
});
variants!(Check {
    Self::Reply(matcher) | Self::Replies(matcher) | Self::Intent(matcher) | Self::Confidence(matcher)
        | Self::Match(matcher) | Self::Page(matcher) | Self::Flow(matcher) | Self::Agent(matcher)
        | Self::Playbook(matcher) | Self::Transfer(matcher) | Self::Ended(matcher) | Self::Handoff(matcher)
        | Self::Payload(matcher) | Self::Candidates(matcher) | Self::Webhook(matcher) | Self::Latency(matcher)
        => [matcher],
    Self::Visited(steps) => [steps],
    Self::Parameters(members) | Self::AllParameters(members) => [members],
    Self::ToolCalls(calls) => [calls],
    Self::Raw { path, matcher } => [path, matcher],
});

impl Template for Matcher {
    fn is_final(&self) -> bool {
        match self {
            Self::Is(value) | Self::Equals(value) | Self::Compare(_, value) => value.is_final(),
            Self::Contains(value) | Self::IContains(value) => value.is_final(),
            Self::StartsWith(value) | Self::EndsWith(value) => value.is_final(),
            Self::List(matchers) | Self::AnyOf(matchers) | Self::AllOf(matchers) => matchers.is_final(),
            Self::Subset(members) => members.is_final(),
            Self::Matches(pattern) => pattern.is_final(),
            Self::Not(inner) | Self::HasLength(inner) | Self::Each(inner) | Self::HasItem(inner) => {
                inner.is_final()
            }
            Self::Between(least, greatest) => least.is_final() && greatest.is_final(),
            Self::Approx { to, within: other }
            | Self::Similar {
                to, at_least: other, ..
            }
            | Self::Wer { to, at_most: other } => to.is_final() && other.is_final(),
            Self::Date(date) => date.is_final(),
            Self::IsType(_) | Self::Absent | Self::Present | Self::Unchanged => true,
        }
    }

    fn fill(&mut self, scope: &Scope) -> Result<(), TemplateError> {
        match self {
            Self::Is(value) | Self::Equals(value) | Self::Compare(_, value) => value.fill(scope),
            Self::Contains(value) => fill_operand("contains", value, scope),
            Self::IContains(value) => fill_operand("icontains", value, scope),
            Self::StartsWith(value) => fill_operand("starts_with", value, scope),
            Self::EndsWith(value) => fill_operand("ends_with", value, scope),
            Self::List(matchers) | Self::AnyOf(matchers) | Self::AllOf(matchers) => matchers.fill(scope),
            Self::Subset(members) => members.fill(scope),
            Self::Matches(pattern) => fill_pattern(pattern, scope),
            Self::Not(inner) | Self::HasLength(inner) | Self::Each(inner) | Self::HasItem(inner) => {
                inner.fill(scope)
            }
            Self::Between(least, greatest) => {
                least.fill(scope)?;
                greatest.fill(scope)
            }
            Self::Approx { to, within: other }
            | Self::Similar {
                to, at_least: other, ..
            }
            | Self::Wer { to, at_most: other } => {
                to.fill(scope)?;
                other.fill(scope)
            }
            Self::Date(date) => date.fill(scope),
            Self::IsType(_) | Self::Absent | Self::Present | Self::Unchanged => Ok(()),
        }
    }
}

/// An operand that is empty would hold of every text, so the expectation would check nothing.
fn fill_operand(operator: &str, operand: &mut Value, scope: &Scope) -> Result<(), TemplateError> {
    let was_final = operand.is_final();
    operand.fill(scope)?;
    if !was_final && operand.as_str() == Some("") {
        let message =
            format!("`{operator}` is empty once its template is filled: it would hold of every text");
        return Err(TemplateError::new(message, 0..0));
    }
    Ok(())
}

/// What a template puts into a regular expression stands for itself: values are data, not patterns. (Our choice;
/// a pattern belongs into the expectation.)
fn fill_pattern(pattern: &mut String, scope: &Scope) -> Result<(), TemplateError> {
    let references = super::references(pattern)?;
    for reference in references.iter().rev() {
        let value = fill(&pattern[reference.range.clone()], scope)?;
        pattern.replace_range(reference.range.clone(), &regex::escape(&as_text(&value)));
    }
    Ok(())
}
