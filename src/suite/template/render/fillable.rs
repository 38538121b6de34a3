//! Where the texts are in everything that can hold templates.

use super::{Scope, Unfilled};
use crate::model::suite::{
    AudioCheck, Check, DateMatcher, EmulatorOverride, EmulatorStubs, Expectation, ExpectedCall, Feedback,
    HistoryChunk, HistoryMessage, Input, Matcher, Name, SessionEntityType, Start, StubResponse, StubRule,
    Stubs, ToolCallsCheck, VisitedStep, With,
};
use crate::model::{Map, Value};

/// Something with texts in it.
pub(super) trait Fillable: Sized {
    /// The same with everything filled in.
    ///
    /// # Errors
    /// Why a template cannot be filled in.
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled>;
}

impl Fillable for String {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        scope.text(self)
    }
}

impl Fillable for Value {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        scope.json(self)
    }
}

impl Fillable for Map {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        scope.map(self)
    }
}

impl<T: Fillable> Fillable for Option<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        self.as_ref().map(|value| value.filled(scope)).transpose()
    }
}

impl<T: Fillable> Fillable for Vec<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        self.iter().map(|value| value.filled(scope)).collect()
    }
}

impl<T: Fillable> Fillable for Box<T> {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        self.as_ref().filled(scope).map(Box::new)
    }
}

impl<A: Fillable, B: Fillable> Fillable for (A, B) {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok((self.0.filled(scope)?, self.1.filled(scope)?))
    }
}

impl Fillable for Name {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Display(name) => Self::Display(scope.text(name)?),
            Self::Id(id) => Self::Id(scope.text(id)?),
        })
    }
}

impl Fillable for Input {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Say(text) => Self::Say(scope.text(text)?),
            Self::Event(name) => Self::Event(scope.text(name)?),
            Self::Intent(name) => Self::Intent(scope.fill(name)?),
            Self::Dtmf { digits, finish } => Self::Dtmf {
                digits: scope.text(digits)?,
                finish: scope.fill(finish)?,
            },
            Self::Silence | Self::SilentAudio(_) | Self::Audio(_) => self.clone(),
            Self::Attached { say, files } => Self::Attached {
                say: scope.fill(say)?,
                files: files.clone(),
            },
            Self::Variables(variables) => Self::Variables(scope.map(variables)?),
        })
    }
}

impl Fillable for Feedback {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            rating: self.rating,
            reason: scope.fill(&self.reason)?,
            labels: scope.fill(&self.labels)?,
        })
    }
}

impl Fillable for With {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            parameters: scope.map(&self.parameters)?,
            variables: scope.map(&self.variables)?,
            language: scope.fill(&self.language)?,
            time_zone: scope.fill(&self.time_zone)?,
            payload: scope.fill(&self.payload)?,
            disable_webhook: self.disable_webhook,
            webhook_headers: scope.fill(&self.webhook_headers)?,
            channel: scope.fill(&self.channel)?,
            session_entity_types: scope.fill(&self.session_entity_types)?,
            sentiment: self.sentiment,
            data_store_signals: self.data_store_signals,
            session_ttl: self.session_ttl,
            flow_versions: scope.fill(&self.flow_versions)?,
            deployment: scope.fill(&self.deployment)?,
            entry_agent: scope.fill(&self.entry_agent)?,
            use_tool_fakes: self.use_tool_fakes,
            text_streaming: self.text_streaming,
            remote_dialogflow: scope.fill(&self.remote_dialogflow)?,
            emulator: EmulatorOverride {
                clock: self.emulator.clock,
                matched: scope.fill(&self.emulator.matched)?,
                webhook: scope.fill(&self.emulator.webhook)?,
                sentiment: self.emulator.sentiment,
            },
        })
    }
}

impl Fillable for SessionEntityType {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            entity_type: scope.fill(&self.entity_type)?,
            supplement: self.supplement,
            entities: scope.fill(&self.entities)?,
        })
    }
}

impl Fillable for Start {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            flow: scope.fill(&self.flow)?,
            page: scope.fill(&self.page)?,
            playbook: scope.fill(&self.playbook)?,
            agent: scope.fill(&self.agent)?,
            parameters: scope.map(&self.parameters)?,
            history: scope.fill(&self.history)?,
        })
    }
}

impl Fillable for HistoryMessage {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            role: self.role.clone(),
            chunks: scope.fill(&self.chunks)?,
        })
    }
}

impl Fillable for HistoryChunk {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Text(text) => Self::Text(scope.text(text)?),
            Self::Transcript(_) | Self::File { .. } => self.clone(),
        })
    }
}

impl Fillable for EmulatorStubs {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            webhooks: scope.fill(&self.webhooks)?,
            generators: scope.fill(&self.generators)?,
            playbooks: scope.fill(&self.playbooks)?,
        })
    }
}

impl Fillable for Stubs {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        let by_name = self
            .by_name
            .iter()
            .map(|(name, rules)| Ok((name.clone(), scope.fill(rules)?)))
            .collect::<Result<_, Unfilled>>()?;
        Ok(Self { by_name })
    }
}

impl Fillable for StubRule {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            location: self.location.clone(),
            when: scope.fill(&self.when)?,
            respond: scope.fill(&self.respond)?,
        })
    }
}

impl Fillable for StubResponse {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Answer(answer) => Self::Answer(scope.map(answer)?),
            Self::Delayed { delay, then } => Self::Delayed {
                delay: *delay,
                then: scope.fill(then)?,
            },
            Self::Status(_) | Self::Timeout | Self::Unreachable => self.clone(),
        })
    }
}

impl Fillable for Expectation {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            line: self.line,
            required: self.required,
            only_on: self.only_on,
            check: scope.fill(&self.check)?,
        })
    }
}

/// Members whose names stay: `(String, Matcher)` would fill the names as well.
fn members(members: &[(String, Matcher)], scope: &Scope) -> Result<Vec<(String, Matcher)>, Unfilled> {
    members
        .iter()
        .map(|(name, matcher)| Ok((name.clone(), scope.fill(matcher)?)))
        .collect()
}

impl Fillable for Check {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Reply(matcher) => Self::Reply(scope.fill(matcher)?),
            Self::Replies(matcher) => Self::Replies(scope.fill(matcher)?),
            Self::Intent(matcher) => Self::Intent(scope.fill(matcher)?),
            Self::Confidence(matcher) => Self::Confidence(scope.fill(matcher)?),
            Self::Match(matcher) => Self::Match(scope.fill(matcher)?),
            Self::Page(matcher) => Self::Page(scope.fill(matcher)?),
            Self::Flow(matcher) => Self::Flow(scope.fill(matcher)?),
            Self::Agent(matcher) => Self::Agent(scope.fill(matcher)?),
            Self::Playbook(matcher) => Self::Playbook(scope.fill(matcher)?),
            Self::Visited(steps) => Self::Visited(scope.fill(steps)?),
            Self::Parameters(expected) => Self::Parameters(members(expected, scope)?),
            Self::AllParameters(expected) => Self::AllParameters(members(expected, scope)?),
            Self::ToolCalls(check) => Self::ToolCalls(scope.fill(check)?),
            Self::Transfer(matcher) => Self::Transfer(scope.fill(matcher)?),
            Self::Ended(matcher) => Self::Ended(scope.fill(matcher)?),
            Self::Handoff(matcher) => Self::Handoff(scope.fill(matcher)?),
            Self::Payload(matcher) => Self::Payload(scope.fill(matcher)?),
            Self::Candidates(matcher) => Self::Candidates(scope.fill(matcher)?),
            Self::Webhook(matcher) => Self::Webhook(scope.fill(matcher)?),
            Self::Interrupted(wanted) => Self::Interrupted(*wanted),
            Self::Citations(matcher) => Self::Citations(scope.fill(matcher)?),
            Self::Suggestions(matcher) => Self::Suggestions(scope.fill(matcher)?),
            Self::Spans(matcher) => Self::Spans(scope.fill(matcher)?),
            Self::Sentiment(matcher) => Self::Sentiment(scope.fill(matcher)?),
            Self::Transcript(matcher) => Self::Transcript(scope.fill(matcher)?),
            Self::Audio(check) => Self::Audio(Box::new(AudioCheck {
                present: check.present,
                duration: scope.fill(&check.duration)?,
                encoding: scope.fill(&check.encoding)?,
            })),
            Self::Latency(matcher) => Self::Latency(scope.fill(matcher)?),
            Self::Raw { path, matcher } => Self::Raw {
                path: scope.text(path)?,
                matcher: scope.fill(matcher)?,
            },
        })
    }
}

impl Fillable for VisitedStep {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Anything => Self::Anything,
            Self::Place(matcher) => Self::Place(scope.fill(matcher)?),
        })
    }
}

impl Fillable for ToolCallsCheck {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Exactly(calls) => Self::Exactly(scope.fill(calls)?),
            Self::Ordered(calls) => Self::Ordered(scope.fill(calls)?),
            Self::AnyOrder(calls) => Self::AnyOrder(scope.fill(calls)?),
            Self::Include(calls) => Self::Include(scope.fill(calls)?),
            Self::Never(calls) => Self::Never(scope.fill(calls)?),
            Self::All(checks) => Self::All(scope.fill(checks)?),
        })
    }
}

impl Fillable for ExpectedCall {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(Self {
            line: self.line,
            tool: scope.fill(&self.tool)?,
            args: scope.fill(&self.args)?,
            all_args: scope.fill(&self.all_args)?,
            times: scope.fill(&self.times)?,
            response: scope.fill(&self.response)?,
            source: self.source,
            agent: scope.fill(&self.agent)?,
        })
    }
}

impl Fillable for Matcher {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::Is(value) => Self::Is(scope.json(value)?),
            Self::List(items) => Self::List(scope.fill(items)?),
            Self::Subset(expected) => Self::Subset(members(expected, scope)?),
            Self::Equals(value) => Self::Equals(scope.json(value)?),
            Self::Contains(value) => Self::Contains(scope.json(value)?),
            Self::IContains(value) => Self::IContains(scope.json(value)?),
            Self::StartsWith(value) => Self::StartsWith(scope.json(value)?),
            Self::EndsWith(value) => Self::EndsWith(scope.json(value)?),
            Self::Matches(pattern) => Self::Matches(scope.pattern(pattern)?),
            Self::AnyOf(matchers) => Self::AnyOf(scope.fill(matchers)?),
            Self::AllOf(matchers) => Self::AllOf(scope.fill(matchers)?),
            Self::Not(matcher) => Self::Not(scope.fill(matcher)?),
            Self::Compare(comparison, value) => Self::Compare(*comparison, scope.json(value)?),
            Self::Between(low, high) => Self::Between(scope.json(low)?, scope.json(high)?),
            Self::Approx { to, within } => Self::Approx {
                to: scope.json(to)?,
                within: scope.json(within)?,
            },
            Self::HasLength(matcher) => Self::HasLength(scope.fill(matcher)?),
            Self::Each(matcher) => Self::Each(scope.fill(matcher)?),
            Self::HasItem(matcher) => Self::HasItem(scope.fill(matcher)?),
            Self::Similar {
                to,
                at_least,
                algorithm,
            } => Self::Similar {
                to: scope.json(to)?,
                at_least: scope.json(at_least)?,
                algorithm: *algorithm,
            },
            Self::Wer { to, at_most } => Self::Wer {
                to: scope.json(to)?,
                at_most: scope.json(at_most)?,
            },
            Self::Date(date) => Self::Date(scope.fill(date)?),
            Self::IsType(_) | Self::Absent | Self::Present | Self::Unchanged => self.clone(),
        })
    }
}

impl Fillable for DateMatcher {
    fn filled(&self, scope: &Scope) -> Result<Self, Unfilled> {
        Ok(match self {
            Self::On(value) => Self::On(scope.json(value)?),
            Self::FromToday(value) => Self::FromToday(scope.json(value)?),
            Self::Weekday { .. } => self.clone(),
        })
    }
}
