//! Going elsewhere: pages, flows, and the symbolic targets (cx-runtime 6).

use super::super::program::{IntentIndex, Place, Target};
use super::super::trace::TargetTaken;
use super::{Turn, resume_behind};

/// What led away from a page, which decides where its evaluation goes on when it is come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The webhook of an entry fulfillment.
    Entry,
    /// A route on this intent.
    IntentRoute(IntentIndex),
    /// The condition route of this number.
    ConditionRoute(usize),
    /// An event handler, behind which nothing is left to evaluate.
    Event,
    /// The webhook of a prompt.
    Prompt,
    /// A playbook.
    Playbook,
}

/// How a page is arrived at.
pub(super) struct Arrival {
    /// Whether its entry fulfillment is run.
    pub(super) entering: bool,
    /// The first condition route to evaluate.
    pub(super) resume: usize,
    /// The event that the flow which ended raises.
    pub(super) event: Option<&'static str>,
}

impl Arrival {
    const ENTRY: Self = Self {
        entering: true,
        resume: 0,
        event: None,
    };
}

impl Turn<'_> {
    /// Moves the session; `None` when the turn ends there.
    pub(super) fn transition(&mut self, target: &Target, origin: Origin) -> Option<Arrival> {
        let here = self.session.place;
        let conditions = self.program.page(here).condition_routes.len();
        let left = resume_behind(origin, here, conditions);
        let start_page = Place { page: None, ..here };
        self.close_step();
        // A playbook that calls a flow is come back to; any other way out is the end of it.
        if !matches!(target, Target::Flow(_)) {
            self.session.playbook = None;
        }
        match target {
            Target::Page(place) => {
                self.taken(TargetTaken::Page(*place));
                self.session.go_to_page(left, *place);
                Some(Arrival::ENTRY)
            }
            Target::StartPage => {
                self.taken(TargetTaken::Page(start_page));
                self.session.go_to_page(left, start_page);
                Some(Arrival::ENTRY)
            }
            Target::CurrentPage => {
                self.taken(TargetTaken::Symbol("CURRENT_PAGE"));
                Some(Arrival::ENTRY)
            }
            Target::PreviousPage => {
                self.taken(TargetTaken::Symbol("PREVIOUS_PAGE"));
                let Some(previous) = self.session.go_back() else {
                    self.trace
                        .note("there is no previous page to go back to".to_owned());
                    return None;
                };
                Some(Arrival {
                    entering: false,
                    resume: previous.next,
                    event: None,
                })
            }
            Target::Flow(flow) => {
                self.taken(TargetTaken::Flow(*flow));
                let start_page = Place {
                    flow: *flow,
                    page: None,
                };
                self.session.call_flow(left, start_page);
                Some(Arrival::ENTRY)
            }
            Target::EndFlow(event) => {
                self.taken(TargetTaken::Symbol(end_flow_symbol(*event)));
                let Some(caller) = self.session.end_flow() else {
                    // Nobody to return to: the session ends as well (cx-runtime 6.3).
                    self.session.ended = true;
                    return None;
                };
                Some(Arrival {
                    entering: false,
                    resume: caller.next,
                    // A playbook that called the flow has no handlers.
                    event: event.filter(|_| self.session.playbook.is_none()),
                })
            }
            Target::EndSession => {
                self.taken(TargetTaken::Symbol("END_SESSION"));
                self.session.ended = true;
                None
            }
            Target::Playbook(name) if self.is_playable(name) => {
                self.session.enter_playbook(name);
                Some(Arrival {
                    entering: false,
                    resume: 0,
                    event: None,
                })
            }
            // A playbook would take over: the turn ends here. What is missing is never gone to.
            Target::Playbook(_) | Target::Missing(_) => None,
        }
    }

    fn taken(&mut self, target: TargetTaken) {
        if let Some(step) = self.trace.steps.last_mut() {
            step.target = Some(target.clone());
        }
        self.trace.chain.push(target);
    }
}

fn end_flow_symbol(event: Option<&str>) -> &'static str {
    match event {
        None => "END_FLOW",
        Some("flow.failed") => "END_FLOW_WITH_FAILURE",
        Some("flow.failed.human-escalation") => "END_FLOW_WITH_HUMAN_ESCALATION",
        Some(_) => "END_FLOW_WITH_CANCELLATION",
    }
}
