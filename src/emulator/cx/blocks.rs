//! `traceBlocks` the way the service tells who spoke in a turn: one block for each flow or playbook that led a part of
//! it (cx-sessions-api 6.3). Only agents with playbooks have them here.

use super::messages::SaidContent;
use super::names::SessionName;
use super::program::Program;
use super::request::Input;
use super::trace::{Block, Speaker};
use super::turn::TurnResult;
use crate::model::resource::last_id;
use crate::proto::cx_v3 as cx;

use cx::action::Action as Kind;
use cx::trace_block::TraceMetadata;

/// The blocks of a turn; none for an agent without playbooks.
pub(super) fn trace_blocks(
    program: &Program,
    session: &SessionName,
    input: &Input,
    result: &TurnResult,
) -> Vec<cx::TraceBlock> {
    let blocks = &result.trace.blocks;
    let spoke = blocks
        .iter()
        .any(|block| matches!(block.speaker, Speaker::Playbook(_)));
    if !spoke && program.agent().playbooks.is_empty() {
        return Vec::new();
    }
    let mut written = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let next = blocks.get(index + 1);
        let mut actions = Vec::new();
        if let (0, Input::Text(text)) = (index, input) {
            actions.push(Kind::UserUtterance(cx::UserUtterance { text: text.clone() }));
        }
        actions.extend(said(result, block.from, next));
        actions.extend(next.map(|next| handover(program, session, next)));
        written.push(cx::TraceBlock {
            trace_metadata: Some(owner(program, session, &block.speaker)),
            actions: actions
                .into_iter()
                .map(|action| cx::Action { action: Some(action) })
                .collect(),
            ..cx::TraceBlock::default()
        });
    }
    written
}

/// The texts of a block. A webhook may have thrown away what was said before it.
fn said(result: &TurnResult, from: usize, next: Option<&Block>) -> Vec<Kind> {
    let end = result.messages.len();
    let until = next.map_or(end, |next| next.from.min(end));
    let texts = result.messages.get(from.min(until)..until).unwrap_or_default();
    texts
        .iter()
        .filter_map(|said| match &said.content {
            SaidContent::Text { text, .. } => {
                Some(Kind::AgentUtterance(cx::AgentUtterance { text: text.clone() }))
            }
            _ => None,
        })
        .collect()
}

fn handover(program: &Program, session: &SessionName, next: &Block) -> Kind {
    match &next.speaker {
        Speaker::Flow(flow) => Kind::FlowTransition(cx::FlowTransition {
            flow: session.flow(&program.flows[*flow].id),
            display_name: program.flows[*flow].name.clone(),
        }),
        Speaker::Playbook(name) => Kind::PlaybookTransition(cx::PlaybookTransition {
            playbook: playbook_name(program, session, name),
            display_name: name.clone(),
        }),
    }
}

fn owner(program: &Program, session: &SessionName, speaker: &Speaker) -> TraceMetadata {
    match speaker {
        Speaker::Flow(flow) => TraceMetadata::FlowTraceMetadata(cx::FlowTraceMetadata {
            flow: session.flow(&program.flows[*flow].id),
            display_name: program.flows[*flow].name.clone(),
        }),
        Speaker::Playbook(name) => TraceMetadata::PlaybookTraceMetadata(cx::PlaybookTraceMetadata {
            playbook: playbook_name(program, session, name),
            display_name: name.clone(),
        }),
    }
}

/// The resource name of a playbook; one that the export does not hold goes by its display name.
pub(super) fn playbook_name(program: &Program, session: &SessionName, name: &str) -> String {
    let playbooks = &program.agent().playbooks;
    let known = playbooks.iter().find(|playbook| playbook.display_name == name);
    let id = known.map_or("", |playbook| last_id(&playbook.name));
    session.playbook(if id.is_empty() { name } else { id })
}
