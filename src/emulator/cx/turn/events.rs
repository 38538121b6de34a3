//! Which event handler answers (cx-runtime 3.3 phase 3, 4.8, 7).

use super::super::form;
use super::super::messages::ResponseKind;
use super::super::program::{Handler, PagePart};
use super::super::trace::{HandlerCalled, PageStatus};
use super::super::webhook::WebhookFailure;
use super::cycle::after_call;
use super::transitions::Origin;
use super::{Next, Owner, Turn};

/// The event of a text that is too long. It belongs to whoever has a handler for it, an open form or not.
const LONG_UTTERANCE: &str = "sys.long-utterance";

/// An event that waits for its handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pending {
    /// Nothing matched, for the n-th time.
    NoMatch(u32),
    /// Nothing was said, for the n-th time.
    NoInput(u32),
    /// The text was too long; counts as the n-th that matched nothing.
    TooLong(u32),
    /// The client sent it.
    Sent(String),
    /// A flow that ended raised it.
    Raised(&'static str),
}

/// Who answered an event.
pub(super) enum Called {
    /// A handler of the page or flow.
    Handler(Next),
    /// A handler of the parameter that is asked for, after which there is no prompt.
    Reprompt(Next),
    /// Nobody.
    Nobody,
}

impl Turn<'_> {
    /// Calls the handler of an event. While a required parameter is asked for, the built-in events belong to it
    /// alone: without a handler of its own the page's and the flow's are not called (cx-runtime 4.8).
    pub(super) fn handle(&mut self, event: &Pending) -> Called {
        let names = names_of(event);
        let program = self.program;
        let page = program.page(self.session.place);
        let flow = program.flow(self.session.place);
        let active = form::active(self.session, page);
        if matches!(event, Pending::TooLong(_)) {
            let name = [LONG_UTTERANCE.to_owned()];
            let of_parameter = active.and_then(|parameter| first_of(&[&parameter.reprompts], &name));
            if let Some(handler) = of_parameter {
                return Called::Reprompt(self.call_handler(handler, true));
            }
            if let Some(handler) = first_of(&[&page.handlers, &flow.handlers], &name) {
                return Called::Handler(self.call_handler(handler, true));
            }
        }
        if let Some(parameter) = active
            && is_built_in(event)
        {
            return match first_of(&[&parameter.reprompts], &names) {
                Some(handler) => Called::Reprompt(self.call_handler(handler, true)),
                None => Called::Nobody,
            };
        }
        if let Some(handler) = first_of(&[&page.handlers, &flow.handlers], &names) {
            return Called::Handler(self.call_handler(handler, true));
        }
        self.note_data_stores(page, event);
        Called::Nobody
    }

    /// Calls a handler. `is_input`: the event is what the turn's input came to; what the handlers themselves raise after it
    /// is not (cx-runtime 7.3).
    pub(super) fn call_handler(&mut self, handler: &Handler, is_input: bool) -> Next {
        if is_input && self.event_handled.is_none() {
            self.event_handled = Some(handler.event.clone());
        }
        self.trace.called.push(handler.id.clone());
        self.open_step(PageStatus::Routing, Some(called(handler)));
        let target = self.reachable(handler.target.as_ref());
        let owner = Owner::Handler(Origin::Event, target.is_some());
        let next = self.fulfill(&handler.fulfillment, ResponseKind::Handler, owner);
        after_call(next, target, Origin::Event)
    }

    /// Calls the handler of a failed webhook, the finest in scope; silent when there is none (cx-runtime 8.6).
    pub(super) fn handle_webhook_error(&mut self, failure: &WebhookFailure) -> Next {
        let program = self.program;
        let page = program.page(self.session.place);
        let flow = program.flow(self.session.place);
        let levels = [page.handlers.as_slice(), flow.handlers.as_slice()];
        let handler = [failure.event(), "webhook.error"].into_iter().find_map(|name| {
            levels
                .iter()
                .copied()
                .flatten()
                .find(|handler| handler.event == name)
        });
        let Some(handler) = handler else {
            return Next::Continue;
        };
        self.trace.called.push(handler.id.clone());
        self.open_step(PageStatus::Routing, Some(called(handler)));
        let target = self.reachable(handler.target.as_ref());
        let next = self.fulfill(&handler.fulfillment, ResponseKind::Handler, Owner::ErrorHandler);
        match after_call(next, target, Origin::Event) {
            Next::Continue => Next::Stop,
            other => other,
        }
    }

    fn note_data_stores(&mut self, page: &PagePart, event: &Pending) {
        let asks = page.asks_data_stores || self.program.flow(self.session.place).asks_data_stores;
        if asks && matches!(event, Pending::NoMatch(_)) {
            self.trace
                .note("a data store might answer here; data stores are not asked".to_owned());
        }
    }
}

fn called(handler: &Handler) -> HandlerCalled {
    HandlerCalled {
        id: handler.id.clone(),
        intent: None,
        condition: None,
        event: Some(handler.event.clone()),
        of_flow: false,
    }
}

/// The names a handler may have, best first: the number before the default (cx-runtime 7.3).
fn names_of(event: &Pending) -> Vec<String> {
    let numbered =
        |kind: &str, count: &u32| vec![format!("sys.{kind}-{count}"), format!("sys.{kind}-default")];
    match event {
        // A text that is too long matched nothing where no handler is for such texts (cx-runtime 14.6).
        Pending::NoMatch(count) | Pending::TooLong(count) => numbered("no-match", count),
        Pending::NoInput(count) => numbered("no-input", count),
        Pending::Sent(name) => vec![name.clone()],
        Pending::Raised(name) => vec![(*name).to_owned()],
    }
}

/// The built-in events of silence and misunderstanding, also when a client sends them by name.
fn is_built_in(event: &Pending) -> bool {
    match event {
        Pending::NoMatch(_) | Pending::NoInput(_) | Pending::TooLong(_) => true,
        Pending::Sent(name) => name.starts_with("sys.no-match-") || name.starts_with("sys.no-input-"),
        Pending::Raised(_) => false,
    }
}

/// The first level that has a handler decides, by the best name it has one for.
fn first_of<'h>(levels: &[&'h [Handler]], names: &[String]) -> Option<&'h Handler> {
    levels.iter().find_map(|handlers| {
        names
            .iter()
            .find_map(|name| handlers.iter().find(|handler| handler.event == *name))
    })
}
