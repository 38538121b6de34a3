//! The life cycle of a page: entry, handlers, prompt (cx-runtime 2.1).

use super::super::form;
use super::super::messages::ResponseKind;
use super::super::program::{IntentIndex, Route, Target};
use super::super::trace::{HandlerCalled, PageStatus};
use super::events::{Called, Pending};
use super::transitions::Origin;
use super::{Next, Owner, Turn};

impl Turn<'_> {
    /// The life cycle of the current page: entry, handlers, prompt.
    pub(super) fn visit(
        &mut self,
        entering: bool,
        intent: &mut Option<IntentIndex>,
        event: Option<Pending>,
        resume: usize,
    ) -> Next {
        if entering {
            match self.enter() {
                Next::Continue => {}
                Next::Stop => return self.prompt(),
                go @ Next::Go(..) => return go,
            }
        }
        let is_raised = matches!(event, Some(Pending::Raised(_)));
        let mut reprompted = false;
        if let Some(event) = event {
            match self.handle(&event) {
                Called::Handler(Next::Go(target, origin)) | Called::Reprompt(Next::Go(target, origin)) => {
                    return Next::Go(target, origin);
                }
                Called::Handler(_) => return self.prompt(),
                Called::Reprompt(_) => reprompted = true,
                Called::Nobody if is_raised => {
                    // As if the flow had ended without an event (cx-runtime 6.3).
                    if let go @ Next::Go(..) = self.routes(intent, resume) {
                        return go;
                    }
                }
                Called::Nobody => {}
            }
        } else if let go @ Next::Go(..) = self.routes(intent, resume) {
            return go;
        }
        if reprompted { Next::Continue } else { self.prompt() }
    }

    /// Entry fulfillment, then the form's defaults (cx-runtime 4.3, 4.7). What the session already knows needs no
    /// copying: form and session share their values.
    fn enter(&mut self) -> Next {
        let program = self.program;
        let page = program.page(self.session.place);
        if !page.entry.is_empty() {
            let next = self.fulfill(&page.entry, ResponseKind::Entry, Owner::Entry);
            if !matches!(next, Next::Continue) {
                return next;
            }
        }
        form::begin(self.session, page);
        Next::Continue
    }

    /// Intent routes, then condition routes (cx-runtime 3.3, 3.4).
    fn routes(&mut self, intent: &mut Option<IntentIndex>, resume: usize) -> Next {
        let program = self.program;
        let page = program.page(self.session.place);
        if let Some(matched) = *intent {
            let route = page
                .intent_routes
                .iter()
                .find(|route| route.intent == Some(matched) && self.passes(route.condition.as_ref()));
            if let Some(route) = route {
                // One route per intent, whether it leads anywhere or not.
                *intent = None;
                match self.call(route, Origin::IntentRoute(matched)) {
                    Next::Continue => {}
                    other => return other,
                }
            }
        }
        for (index, route) in page.condition_routes.iter().enumerate().skip(resume) {
            if !self.passes(route.condition.as_ref()) {
                continue;
            }
            match self.call(route, Origin::ConditionRoute(index)) {
                Next::Continue => {}
                other => return other,
            }
        }
        Next::Continue
    }

    fn call(&mut self, route: &Route, origin: Origin) -> Next {
        let condition = route.condition.as_ref().map(|test| test.source.as_str());
        self.trace.called.push(route.id.clone());
        self.open_step(
            PageStatus::Routing,
            Some(HandlerCalled {
                id: route.id.clone(),
                intent: route.intent.filter(|_| matches!(origin, Origin::IntentRoute(_))),
                condition: Some(condition.unwrap_or("true").to_owned()),
                event: None,
                of_flow: route.of_flow,
            }),
        );
        let target = self.reachable(route.target.as_ref());
        let next = self.fulfill(
            &route.fulfillment,
            ResponseKind::Handler,
            Owner::Handler(origin, target.is_some()),
        );
        after_call(next, target, origin)
    }

    /// A target that can be gone to; what the emulator cannot do is noted.
    pub(super) fn reachable<'t>(&mut self, target: Option<&'t Target>) -> Option<&'t Target> {
        match target {
            Some(Target::Missing(name)) => {
                self.trace.note(format!(
                    "a handler leads to `{name}`, which the export does not hold"
                ));
                None
            }
            Some(Target::Playbook(name)) if !self.is_playable(name) => {
                self.trace.note(format!(
                    "playbook `{name}` would take over here, but no stub answers it: it is not entered"
                ));
                target
            }
            other => other,
        }
    }

    /// Asks for the first required parameter without a value (cx-runtime 2.1, 4.8, 8.5).
    fn prompt(&mut self) -> Next {
        let program = self.program;
        let page = program.page(self.session.place);
        let Some(parameter) = form::active(self.session, page) else {
            return Next::Continue;
        };
        if self.collected.ask_again(&parameter.name) {
            let handler = parameter
                .reprompts
                .iter()
                .find(|handler| handler.event == "sys.invalid-parameter");
            if let Some(handler) = handler {
                return self.call_handler(handler, false);
            }
        }
        if parameter.prompt.is_empty() {
            return Next::Continue;
        }
        self.open_step(PageStatus::ProcessingForm, None);
        self.fulfill(&parameter.prompt, ResponseKind::Prompt, Owner::Prompt)
    }
}

/// Where a called handler leads: a webhook's target wins over its own (cx-runtime 8.3).
pub(super) fn after_call(next: Next, target: Option<&Target>, origin: Origin) -> Next {
    match (next, target) {
        (Next::Continue, Some(target)) => Next::Go(target.clone(), origin),
        (next, _) => next,
    }
}
