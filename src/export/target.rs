//! Where a route or an event handler leads, as the export spells it (cx-runtime 6.1).

/// A target that is no page of the flow by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SymbolicTarget {
    /// The start page of the active flow.
    StartPage,
    /// The current page again, from its entry.
    CurrentPage,
    /// The page that led to the current one.
    PreviousPage,
    /// Back to the calling flow.
    EndFlow,
    /// The session ends.
    EndSession,
    /// Back to the calling flow, with the event `flow.failed`.
    EndFlowWithFailure,
    /// Back to the calling flow, with the event `flow.failed.human-escalation`.
    EndFlowWithHumanEscalation,
    /// Back to the calling flow, with the event `flow.cancelled`.
    EndFlowWithCancellation,
}

impl SymbolicTarget {
    /// Every symbolic target: what the console calls it, and its constant.
    const SPELLINGS: [(Self, &'static str, &'static str); 8] = [
        (Self::StartPage, "Start Page", "START_PAGE"),
        (Self::CurrentPage, "Current Page", "CURRENT_PAGE"),
        (Self::PreviousPage, "Previous Page", "PREVIOUS_PAGE"),
        (Self::EndFlow, "End Flow", "END_FLOW"),
        (Self::EndSession, "End Session", "END_SESSION"),
        (
            Self::EndFlowWithFailure,
            "End Flow With Failure",
            "END_FLOW_WITH_FAILURE",
        ),
        (
            Self::EndFlowWithHumanEscalation,
            "End Flow With Human Escalation",
            "END_FLOW_WITH_HUMAN_ESCALATION",
        ),
        (
            Self::EndFlowWithCancellation,
            "End Flow With Cancellation",
            "END_FLOW_WITH_CANCELLATION",
        ),
    ];

    /// Reads a target: the console's name, the constant, or a resource name that ends in the constant. Case
    /// matters.
    pub fn parse(target: &str) -> Option<Self> {
        let constant = target.rsplit_once("/pages/").map_or(target, |(_, page)| page);
        Self::SPELLINGS
            .iter()
            .find(|(_, console, id)| *console == target || *id == constant)
            .map(|(symbol, _, _)| *symbol)
    }

    /// The id that the API uses.
    pub fn id(self) -> &'static str {
        Self::SPELLINGS
            .iter()
            .find(|(symbol, _, _)| *symbol == self)
            .map_or("", |(_, _, id)| id)
    }

    /// The name that the console shows.
    pub fn display_name(self) -> &'static str {
        Self::SPELLINGS
            .iter()
            .find(|(symbol, _, _)| *symbol == self)
            .map_or("", |(_, console, _)| console)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_and_resource_names_are_read() {
        assert_eq!(
            SymbolicTarget::parse("Start Page"),
            Some(SymbolicTarget::StartPage)
        );
        assert_eq!(SymbolicTarget::parse("END_FLOW"), Some(SymbolicTarget::EndFlow));
        assert_eq!(
            SymbolicTarget::parse("projects/p/locations/l/agents/a/flows/f/pages/END_SESSION"),
            Some(SymbolicTarget::EndSession)
        );
        for (symbol, console, id) in SymbolicTarget::SPELLINGS {
            assert_eq!(SymbolicTarget::parse(console), Some(symbol));
            assert_eq!(SymbolicTarget::parse(id), Some(symbol));
            assert_eq!(symbol.id(), id);
            assert_eq!(symbol.display_name(), console);
        }
    }

    #[test]
    fn case_matters_and_other_names_are_pages() {
        assert_eq!(SymbolicTarget::parse("start page"), None);
        assert_eq!(SymbolicTarget::parse("Checkout"), None);
        assert_eq!(SymbolicTarget::parse(""), None);
    }
}
