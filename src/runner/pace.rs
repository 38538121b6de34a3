//! How the requests of a conversation keep the pace of their target: each waits until it may leave, and what comes of it
//! changes the pace of those after it.

use super::attempt::Player;
use super::limit::{Change, Departure};
use crate::backend::BackendError;
use crate::model::event::RunEvent;

impl Player<'_> {
    /// Waits until the first request of a turn may leave, which is nobody's time.
    pub(super) async fn depart(&mut self) -> Option<Departure> {
        self.uncounted = None;
        if let Some(departure) = self.departure.take() {
            return Some(departure);
        }
        let departure = self.target.limit.as_ref()?.wait().await;
        self.budget.give_back(departure.waited);
        Some(departure)
    }

    /// The same for a request that no model looks at.
    pub(super) async fn depart_without_tokens(&mut self) -> Option<Departure> {
        let departure = self.target.limit.as_ref()?.wait_without_tokens().await;
        self.budget.give_back(departure.waited);
        Some(departure)
    }

    /// The same for a further request of a turn: its tokens are those that were set aside for the turn, and its answer may
    /// be the one that counts them (ces-api 1.3: diagnostics come with the last output).
    pub(super) async fn depart_again(&mut self) -> Option<Departure> {
        let turn = self.uncounted.take();
        self.depart_further(turn).await
    }

    /// The same for a turn that goes on to make another request, of which nobody hears before it is over.
    pub(super) async fn depart_further(&mut self, turn: Option<Departure>) -> Option<Departure> {
        let further = self.depart_without_tokens().await?;
        Some(turn.map_or(further, |turn| further.with_tokens_of(turn)))
    }

    /// Lets the target's pace follow what came of a request; an answer may tell how many tokens it took.
    pub(super) async fn keep_pace(
        &mut self,
        departure: Option<Departure>,
        outcome: Result<Option<u64>, &BackendError>,
    ) {
        let (Some(limit), Some(departure)) = (&self.target.limit, departure) else {
            return;
        };
        self.uncounted = outcome.is_ok_and(|spent| spent.is_none()).then_some(departure);
        let changes: Vec<Change> = match outcome {
            Ok(spent) => limit.answered(departure, spent).collect(),
            Err(error) if error.is_quota() => {
                let change = limit.refused(departure, error.retry_after);
                change.into_iter().collect()
            }
            Err(_) => Vec::new(),
        };
        for change in changes {
            let notice = change.told(limit.target());
            self.context.tell(RunEvent::Notice(notice)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use serde_json::json;

    use crate::model::event::RunEvent;
    use crate::model::suite::{StubResponse, StubRule, Stubs};
    use crate::model::transcript::{AgentReply, CallSource, Observed, Span, ToolCall};
    use crate::runner::fake::{Answer, FakeBackend, FakeRun, Played, calls, location, say, says, with_turns};
    use crate::runner::{Limit, TokenQuota};

    /// An answer that took so many tokens.
    fn took(tokens: u64, reply: AgentReply) -> AgentReply {
        let attributes = json!({ "input token count": tokens - 1, "output token count": "1" });
        let span = Span {
            kind: "llm".to_owned(),
            attributes: attributes.as_object().cloned().unwrap_or_default(),
            ..Span::default()
        };
        AgentReply {
            spans: Observed::Seen(vec![span]),
            ..reply
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_request_of_a_turn_counts() {
        let backend = FakeBackend::echo();
        backend.requests.store(3, Ordering::SeqCst);
        let mut run = FakeRun::new(&backend, [with_turns("a", (0..5).map(|_| say("go")))]);
        run.limit = Some(Limit::new("fake", Some(60.0), 7));
        let played = run.play().await;
        assert_eq!(played.took, Duration::from_secs(14), "fifteen requests");
    }

    /// Turns at 1,000 tokens a minute, of which each is said to take 100.
    async fn played(backend: &Arc<FakeBackend>, turns: usize, change: impl Fn(&mut FakeRun)) -> Played {
        let mut run = FakeRun::new(backend, [with_turns("a", (0..turns).map(|_| say("go")))]);
        let quota = TokenQuota {
            per_minute: 1_000.0,
            per_request: 100.0,
        };
        run.limit = Some(Limit::new("fake", None, 7).with_tokens(Some(quota)));
        change(&mut run);
        run.play().await
    }

    fn seconds(played: &Played) -> f64 {
        played.took.as_secs_f64().round()
    }

    fn notices(played: &Played) -> Vec<&str> {
        let notices = played.events.iter().filter_map(|event| match event {
            RunEvent::Notice(notice) => Some(notice.as_str()),
            _ => None,
        });
        notices.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_counts_nothing_is_taken_at_the_settings_word() {
        let played = played(&FakeBackend::echo(), 11, |_| {}).await;
        assert_eq!(played.took, Duration::from_mins(1), "ten waits of six seconds");
        assert!(notices(&played).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_really_spent_sets_the_pace() {
        for (tokens, least, most) in [(500, 299.0, 301.0), (10, 3.0, 13.0), (100, 60.0, 60.0)] {
            let backend = FakeBackend::new(move |_, _| Answer::Reply(took(tokens, says("hi"))));
            let played = played(&backend, 11, |_| {}).await;
            let seconds = seconds(&played);
            assert!((least..=most).contains(&seconds), "{tokens}: {seconds}");
            let told = notices(&played);
            assert_eq!(told.len(), usize::from(tokens != 100), "{told:?}");
            assert!(
                told.iter().all(|told| told.contains("tokens_per_turn")),
                "{told:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_of_several_requests_takes_the_tokens_of_one() {
        let call = ToolCall {
            id: "1".to_owned(),
            tool: "lookup".to_owned(),
            args: crate::model::Map::new(),
            response: None,
            source: CallSource::Client,
            agent: None,
        };
        let backend = FakeBackend::new(move |_, before| {
            Answer::Reply(if before % 2 == 0 {
                calls(call.clone())
            } else {
                took(100, says("hi"))
            })
        });
        let played = played(&backend, 11, |run| {
            let rule = StubRule {
                location: location(9),
                when: None,
                respond: StubResponse::Answer(crate::model::Map::new()),
            };
            run.conversations[0].tools = vec![Stubs {
                by_name: Arc::new([("lookup".to_owned(), vec![rule])]),
            }];
        })
        .await;
        assert_eq!(backend.inputs().len(), 22);
        assert_eq!(played.took, Duration::from_mins(1), "ten waits of six seconds");
        assert!(notices(&played).is_empty());
    }
}
