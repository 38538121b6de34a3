//! Calls of tools within a turn: those that the client must run, and those that the service runs itself.

use tonic::Status;

use crate::expect;
use crate::model::suite::Matcher;
use crate::model::{Map, Value};
use crate::proto::ces_v1 as ces;
use crate::proto::ces_v1::chunk::Data;
use crate::proto::ces_v1::session_output::OutputType;

use super::super::app::{Call, Step, Steps, Tool, seen_answer};
use super::super::session::{Pending, PendingCall, Stimulus, TurnState};
use super::super::template;
use super::super::trace::{self, ToolSpan};
use super::{Progress, Turn};

impl Turn<'_> {
    pub(super) fn call_id(&mut self) -> String {
        self.state.calls += 1;
        format!("call-{}-{}", self.session.turns, self.state.calls)
    }

    pub(super) fn is_for_client(&self, call: &Call) -> bool {
        let tool = self.app.tools.get(call.tool);
        tool.is_some_and(|tool| tool.by_client && !(self.surroundings.use_fakes && tool.fake.is_some()))
    }

    /// Hands the calls that follow each other here to the client.
    pub(super) fn ask_client(&mut self, steps: &Steps, from: usize) -> Result<Progress, Status> {
        let now = self.utc();
        let mut calls = Vec::new();
        let mut wire = Vec::new();
        let mut next = from;
        while let Some(Step::Call(call)) = steps
            .get(next)
            .filter(|step| matches!(step, Step::Call(call) if self.is_for_client(call)))
        {
            next += 1;
            let Some(tool) = self.app.tools.get(call.tool) else {
                continue;
            };
            let args = template::fill_members(&call.args, &|name| self.find(name));
            let id = self.call_id();
            let made = trace::tool_call(&self.surroundings.app_name, tool, &id, &args)?;
            self.told(Data::ToolCall(made.clone()));
            wire.push(made);
            calls.push(PendingCall {
                id,
                tool: call.tool,
                args,
                made_at: now,
            });
        }
        self.outputs
            .push(OutputType::ToolCalls(ces::ToolCalls { tool_calls: wire }));
        Ok(Progress::Waits(Box::new(Pending {
            calls,
            rest: (Steps::clone(steps), next),
            state: TurnState::new(now),
        })))
    }

    /// Calls a tool that the service runs, or a fake.
    pub(super) fn call(&mut self, call: &Call) -> Result<(), Status> {
        let app = self.app;
        let Some(tool) = app.tools.get(call.tool) else {
            return Ok(());
        };
        let args = template::fill_members(&call.args, &|name| self.find(name));
        let fake = tool.fake.as_ref().filter(|_| self.surroundings.use_fakes);
        let scripted = fake
            .or(call.respond.as_ref())
            .or_else(|| self.answer_of(tool, &args));
        let answer = match scripted {
            Some(answer) => template::fill_members(answer, &|name| self.find(name)),
            // A tool of which nothing is told answers nothing.
            None if tool.answers.is_empty() => Map::new(),
            None => Map::from_iter([(
                "error".to_owned(),
                Value::from("the script has no answer to this call"),
            )]),
        };
        let (agent, now, id) = (self.agent_name(), self.utc(), self.call_id());
        let span = ToolSpan {
            tool: &tool.name,
            agent: &agent,
            kind: match fake {
                Some(_) => trace::FAKE,
                None if tool.toolset.is_some() => "OpenApiTool",
                None => "PythonFunctionTool",
            },
            id: if call.by_callback { "" } else { &id },
            args: &args,
            response: Some(&answer),
            started: now,
        };
        if call.by_callback {
            self.state.trace.by_callback(&span, now)?;
        } else {
            let app_name = &self.surroundings.app_name;
            let made = trace::tool_call(app_name, tool, &id, &args)?;
            let response = trace::tool_response(app_name, tool, &id, &answer)?;
            self.state.trace.tool(&span, now)?;
            self.told(Data::ToolCall(made));
            self.told(Data::ToolResponse(response));
        }
        self.state.locals.insert(tool.name.clone(), seen_answer(&answer));
        if !call.by_callback {
            self.state.caused.push(Stimulus::Result {
                tool: call.tool,
                answer,
            });
        }
        Ok(())
    }

    fn answer_of<'tool>(&self, tool: &'tool Tool, args: &Map) -> Option<&'tool Map> {
        let holds = |matcher: &Matcher, value: &Value| {
            expect::matches(matcher, value, self.surroundings.now).unwrap_or(false)
        };
        let fits = |when: &[(String, Matcher)]| {
            when.iter()
                .all(|(name, matcher)| holds(matcher, args.get(name).unwrap_or(&Value::Null)))
        };
        tool.answers
            .iter()
            .find(|answer| fits(&answer.when))
            .map(|answer| &answer.respond)
    }
}
