//! What goes back and forth within one turn: the user's input, then the answers to client-side tool calls, until the
//! agent has no more calls to make.

use std::sync::Arc;

use tokio::time::sleep;

use super::attachment::{self, handed};
use super::attempt::Player;
use super::budget::Budget;
use super::speech::speech;
use super::unknown::Unknown;
use super::{merge, stubs};
use crate::backend::{Handed, Session, ToolResult, TurnInput, TurnRequest};
use crate::expect;
use crate::model::Value;
use crate::model::outcome::Sent;
use crate::model::suite::{Input, StubResponse, Turn, With};
use crate::model::transcript::{AgentReply, ToolCall};

/// Rounds of tool calls within one turn; an agent that needs more turns in a circle.
const MOST_ROUNDS: usize = 32;

impl Player<'_> {
    /// Sends the turn and answers the agent's calls. The reply, all parts merged, is in `partial` afterwards, also
    /// when something went wrong on the way.
    pub(super) async fn exchange(
        &mut self,
        index: usize,
        turn: &Turn,
        session: &mut dyn Session,
    ) -> Result<(), Unknown> {
        let mut input = match speech(&turn.input, &self.target.audio).await? {
            Some(speech) => {
                // Listening and speaking take as long as they take: the time allowed is that of the answer.
                if speech.interrupt_after.is_none() {
                    let heard = session.says_for();
                    self.budget.give_back(heard);
                    self.budget.wait(sleep(heard)).await?;
                }
                self.budget.give_back(speech.time());
                TurnInput::Speech(speech)
            }
            None => match handed(&turn.input).await? {
                Some(files) => self.hand_over(index, &turn.input, files),
                None => TurnInput::User(turn.input.clone()),
            },
        };
        for _ in 0..=MOST_ROUNDS {
            let reply = self.request(index, turn, input, session).await?;
            let reply = match self.partial.take() {
                None => reply,
                Some(mut whole) => {
                    merge::append(&mut whole, *reply);
                    whole
                }
            };
            let reply = self.partial.insert(reply);
            // Nobody waits for answers in a session that has ended.
            if reply.pending.is_empty() || reply.ended.is_some() {
                return Ok(());
            }
            let pending = reply.pending.clone();
            match self.answer(&pending, turn).await? {
                Ok(results) => input = TurnInput::ToolResults(results),
                Err(problem) => {
                    self.turns[index].failures.push(problem);
                    return Ok(());
                }
            }
        }
        let problem =
            format!("the agent still calls client-side tools after {MOST_ROUNDS} rounds of answers");
        self.turns[index].failures.push(problem);
        Ok(())
    }

    /// What is sent of files, which the record of the turn tells.
    fn hand_over(&mut self, index: usize, input: &Input, read: Vec<Handed>) -> TurnInput {
        let (say, files) = match input {
            Input::Attached { say, files } => (say.clone(), files.as_slice()),
            _ => (None, [].as_slice()),
        };
        self.turns[index].input = attachment::record(say.as_deref(), files, Some(&read));
        self.handed = read.iter().map(attachment::told).collect();
        TurnInput::Attached { say, files: read }
    }

    /// What goes along with a turn; where nothing else is said, it happens at the conversation's time.
    fn options(&self, turn: &Turn) -> Arc<With> {
        let with = &turn.with;
        let clock = self.conversation.clock;
        if clock.is_none() || with.emulator.clock.is_some() {
            return Arc::clone(with);
        }
        let mut with = With::clone(with);
        with.emulator.clock = clock;
        Arc::new(with)
    }

    /// One request of the turn, at the target's rate, within the turn's time. It is sent once, whatever comes of it.
    async fn request(
        &mut self,
        index: usize,
        turn: &Turn,
        input: TurnInput,
        session: &mut dyn Session,
    ) -> Result<Box<AgentReply>, Unknown> {
        let first = self.turns[index].sent == Sent::No;
        let mut departure = if first {
            self.depart().await
        } else {
            self.depart_again().await
        };
        for _ in 1..session.requests(&input, turn.via) {
            departure = self.depart_further(departure).await;
        }
        let timeout = self.budget.left();
        if timeout.is_zero() {
            return Err(self.budget.used_up());
        }
        let request = TurnRequest {
            input,
            with: self.options(turn),
            via: turn.via,
            timeout,
            want_raw: self.want_raw,
        };
        if first {
            // Should we be stopped while we wait, this is what is known.
            self.turns[index].sent = Sent::Unknown;
        }
        match self.budget.wait(session.play(request)).await? {
            Ok(reply) => {
                self.keep_pace(departure, Ok(reply.tokens())).await;
                self.turns[index].sent = Sent::Yes;
                Ok(reply)
            }
            Err(failed) => {
                self.keep_pace(departure, Err(&failed.error)).await;
                if first {
                    self.turns[index].sent = failed.sent;
                }
                Err(Unknown::from(&failed.error))
            }
        }
    }

    /// Answers the calls, nearest stub first. A call that nothing answers is a problem of the conversation: `Ok(Err)`.
    async fn answer(
        &mut self,
        pending: &[ToolCall],
        turn: &Turn,
    ) -> Result<Result<Vec<ToolResult>, String>, Unknown> {
        let now = self.clock(turn.with.time_zone.as_deref());
        let mut results = Vec::with_capacity(pending.len());
        for call in pending {
            let levels = turn.answers.iter().chain(&self.conversation.tools);
            let found = stubs::find(levels, call, |rule, described| {
                let rule = self.script.stub(rule)?;
                let fits = match &rule.when {
                    Some(when) => expect::matches(when, described, now)?,
                    None => true,
                };
                Ok(fits.then(|| rule.respond.clone()))
            });
            let response = match found {
                Ok(Some(response)) => response,
                Ok(None) => return Ok(Err(stubs::unanswered(call))),
                Err(unusable) if unusable.is_of_agent => return Ok(Err(unusable.message)),
                Err(unusable) => return Err(Unknown::suite(unusable.message)),
            };
            let result = respond(&response, &self.budget).await?;
            if let Some(whole) = &mut self.partial {
                merge::answered(whole, call, &stubs::shown(&result));
            }
            results.push(ToolResult {
                id: call.id.clone(),
                tool: call.tool.clone(),
                result,
            });
        }
        Ok(Ok(results))
    }
}

/// What a stub answers, after the delay it asks for.
async fn respond(mut response: &StubResponse, budget: &Budget) -> Result<Result<Value, String>, Unknown> {
    loop {
        let result = match response {
            StubResponse::Delayed { delay, then } => {
                budget.wait(sleep(*delay)).await?;
                response = then;
                continue;
            }
            StubResponse::Answer(answer) => stubs::result_of(answer),
            StubResponse::Status(status) => Err(format!("HTTP status {status}")),
            StubResponse::Timeout => Err("the tool did not answer in time".to_owned()),
            StubResponse::Unreachable => Err("the tool could not be reached".to_owned()),
        };
        return Ok(result);
    }
}
