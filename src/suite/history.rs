//! `run_method: stable`: what the session of a turn is told of the turns before it. It is made of what the suite says,
//! never of what an agent answered: the user's inputs, and the replies that are expected word for word.
//!
//! What a history can hold are texts, transcripts and files (ces-api 1.2, `Chunk`). An event and keys are none of it, and a
//! reply that is expected to be like this or that is no text: then the suite has to say what later turns are told, by
//! `history` of the turn. Nothing is left out in silence.

use crate::model::Map;
use crate::model::Value;
use crate::model::suite::{
    Check, Expectation, HistoryChunk, HistoryMessage, Input, Matcher, Name, Service, Start, Turn,
};

pub(super) use check::{Place, check};

mod check;

/// What was said in a conversation so far, as the suite has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    said: Vec<HistoryMessage>,
    /// What the suite has set so far.
    variables: Map,
    /// Who answered last, if that is known.
    speaker: Option<String>,
    /// Who answered first.
    first: Option<String>,
    /// Somebody else has taken over since.
    is_handed_over: bool,
}

/// Why it cannot be told what was said in a turn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// The input is nothing that a history can hold.
    #[error("a history holds what is said or shown, which `{0}` is not")]
    Input(&'static str),
    /// It is not known what is said in a recording.
    #[error("no transcript says what is said in `{0}`")]
    Transcript(String),
    /// The reply is not expected word for word.
    #[error("`expect` does not say word for word what the agent answers")]
    Reply,
    /// It is not known which agent answers.
    #[error("it is not said which agent answers")]
    Speaker,
}

impl Untold {
    /// What to do about it.
    fn help(&self) -> &'static str {
        match self {
            Self::Input(_) => {
                "say what later turns are told instead: `history: [{ Front desk: Hello! }]` in this turn"
            }
            Self::Transcript(_) => {
                "add it to the `transcripts.yaml` beside the recording, or say what later turns are told: `history: \
                 [{ user: … }, { Front desk: … }]` in this turn"
            }
            Self::Reply => {
                "expect the whole text, `reply: …` or `replies: […]`, or say what later turns are told: `history: [{ \
                 user: … }, { Front desk: … }]` in this turn"
            }
            Self::Speaker => {
                "name it where the conversation starts, `start: { agent: … }`, or in this turn, `expect: { agent: … }`"
            }
        }
    }
}

impl History {
    /// Before the first turn of a conversation that starts there.
    pub fn new(start: &Start) -> Self {
        let agent = start.agent.as_ref().and_then(displayed);
        Self {
            speaker: last_agent(&start.history).or_else(|| agent.clone()),
            first: agent,
            ..Self::default()
        }
    }

    /// Where the session of the next turn starts, of a conversation that starts at `start`. The agent that it names is the
    /// one to answer until another has taken over: then who spoke last in the history is.
    pub fn over(&self, mut start: Start) -> Start {
        start.history.extend(self.said.iter().cloned());
        start.parameters.extend(self.variables.clone());
        if self.is_handed_over {
            start.agent = None;
        }
        start
    }

    /// Adds what is said in a turn, whose templates are filled in. `files` are those that the user hands over.
    ///
    /// # Errors
    /// When that is not known.
    pub fn add(&mut self, turn: &Turn, files: Vec<HistoryChunk>) -> Result<(), Untold> {
        self.variables.extend(turn.with.variables.clone());
        if let Input::Variables(variables) = &turn.input {
            self.variables.extend(variables.clone());
        }
        if let Some(told) = &turn.history {
            self.spoke(last_agent(told));
            self.said.extend(told.iter().cloned());
            return Ok(());
        }
        self.spoke(named(turn));
        let of_user = of_user(&turn.input, files)?;
        let texts = expected(&turn.expect).ok_or(Untold::Reply)?;
        let of_agent = if texts.is_empty() {
            None
        } else {
            let role = self.speaker.clone().ok_or(Untold::Speaker)?;
            let chunks = texts.into_iter().map(HistoryChunk::Text).collect();
            Some(HistoryMessage { role, chunks })
        };
        let of_user = (!of_user.is_empty()).then(|| HistoryMessage {
            role: HistoryMessage::USER.to_owned(),
            chunks: of_user,
        });
        self.said.extend(of_user.into_iter().chain(of_agent));
        Ok(())
    }

    /// Notes who answered.
    fn spoke(&mut self, agent: Option<String>) {
        let Some(agent) = agent else { return };
        let first = self.first.get_or_insert_with(|| agent.clone());
        self.is_handed_over |= *first != agent;
        self.speaker = Some(agent);
    }
}

fn displayed(name: &Name) -> Option<String> {
    match name {
        Name::Display(name) => Some(name.clone()),
        Name::Id(_) => None,
    }
}

fn last_agent(said: &[HistoryMessage]) -> Option<String> {
    let of_agent = said
        .iter()
        .rev()
        .find(|message| message.role != HistoryMessage::USER);
    of_agent.map(|message| message.role.clone())
}

/// Who is expected to answer, if anybody: the agent itself, or the one to which the conversation is handed; or the one
/// that is asked.
fn named(turn: &Turn) -> Option<String> {
    let find =
        |pick: fn(&Check) -> Option<&Matcher>| applying(&turn.expect).find_map(|check| literal(pick(check)?));
    let agent = find(|check| match check {
        Check::Agent(matcher) => Some(matcher),
        _ => None,
    });
    let handed_to = || {
        find(|check| match check {
            Check::Transfer(matcher) => Some(matcher),
            _ => None,
        })
    };
    let asked = || turn.with.entry_agent.as_ref().and_then(displayed);
    let named = agent.or_else(handed_to).or_else(asked);
    named.filter(|name| !name.is_empty())
}

/// What the user says, or shows.
fn of_user(input: &Input, files: Vec<HistoryChunk>) -> Result<Vec<HistoryChunk>, Untold> {
    Ok(match input {
        Input::Say(text) => vec![HistoryChunk::Text(text.clone())],
        Input::Audio(audio) => match &audio.transcript {
            Some(text) => vec![HistoryChunk::Transcript(text.clone())],
            None => return Err(Untold::Transcript(audio.written.clone())),
        },
        // What is looked at comes before what is said of it.
        Input::Attached { say, .. } => files
            .into_iter()
            .chain(say.clone().map(HistoryChunk::Text))
            .collect(),
        Input::Silence | Input::SilentAudio(_) | Input::Variables(_) => Vec::new(),
        Input::Event(_) => return Err(Untold::Input("event")),
        Input::Dtmf { .. } => return Err(Untold::Input("dtmf")),
        Input::Intent(_) => return Err(Untold::Input("intent")),
    })
}

/// The checks that apply to CES, which alone has histories.
fn applying(expectations: &[Expectation]) -> impl Iterator<Item = &Check> {
    expectations
        .iter()
        .filter(|expectation| expectation.only_on != Some(Service::Cx))
        .map(|expectation| &expectation.check)
}

/// The texts that are expected word for word; none where nothing is to be said.
fn expected(expectations: &[Expectation]) -> Option<Vec<String>> {
    let one_by_one = applying(expectations).find_map(|check| match check {
        Check::Replies(matcher) => literals(matcher),
        _ => None,
    });
    let whole = || {
        applying(expectations).find_map(|check| match check {
            Check::Reply(matcher) => literal(matcher).map(|text| vec![text]),
            _ => None,
        })
    };
    let mut texts = one_by_one.or_else(whole)?;
    texts.retain(|text| !text.trim().is_empty());
    Some(texts)
}

/// The only text that matches.
fn literal(matcher: &Matcher) -> Option<String> {
    match matcher {
        Matcher::Is(Value::String(text)) | Matcher::Equals(Value::String(text)) => Some(text.clone()),
        Matcher::Absent => Some(String::new()),
        Matcher::AllOf(matchers) => matchers.iter().find_map(literal),
        _ => None,
    }
}

/// The only texts that match.
fn literals(matcher: &Matcher) -> Option<Vec<String>> {
    match matcher {
        Matcher::List(matchers) => matchers.iter().map(literal).collect(),
        Matcher::Is(Value::Array(items)) | Matcher::Equals(Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        }
        Matcher::Absent => Some(Vec::new()),
        Matcher::AllOf(matchers) => matchers.iter().find_map(literals),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
