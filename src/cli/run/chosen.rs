//! The targets that the selected conversations are played with.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::failure::Failure;
use crate::cli::prepare::Prepared;
use crate::model::endpoint::CredentialPolicy;
use crate::settings::target::{Target, TargetKind};

/// The targets of a run.
pub(super) struct Chosen {
    /// Each once, by name.
    pub(super) targets: Vec<Target>,
    /// Which suites kept their target although another was asked for.
    pub(super) notices: Vec<String>,
}

impl Chosen {
    /// Gathers the targets, and refuses those that would send credentials where nobody allowed them to go; without a
    /// policy nothing will be sent.
    pub(super) fn of(
        prepared: &Prepared<'_>,
        selected: &[usize],
        policy: Option<&CredentialPolicy>,
    ) -> Result<Self, Failure> {
        let entries = selected.iter().map(|position| &prepared.entries[*position]);
        let mut suites_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for entry in entries {
            suites_of.entry(entry.role()).or_default().insert(entry.suite());
        }
        let mut targets: BTreeMap<&str, &Target> = BTreeMap::new();
        let mut notices = Vec::new();
        for (role, suites) in suites_of {
            // Roles without a target were refused when the suites were read.
            let Ok(assigned) = prepared.roles.assign(Some(role)) else {
                continue;
            };
            targets.insert(&assigned.target.name, assigned.target);
            if assigned.kept {
                let suites: Vec<&str> = suites.into_iter().collect();
                let service = assigned.target.service().name();
                notices.push(format!(
                    "{} kept target `{}`: it speaks {service}, which no target given as --target does",
                    suites.join(", "),
                    assigned.target.name
                ));
            }
        }
        let problem = |target: &&Target| target.credentials_problem(policy?);
        let problems: Vec<_> = targets.values().filter_map(problem).collect();
        if !problems.is_empty() {
            return Err(Failure::Invalid(problems));
        }
        Ok(Self {
            targets: targets.into_values().cloned().collect(),
            notices,
        })
    }

    /// `--seed` outweighs the seeds of the settings.
    pub(super) fn reseed(&mut self, seed: u64) {
        for target in &mut self.targets {
            if let TargetKind::Emulator(emulator) = &mut target.kind {
                emulator.seed = Some(seed);
            }
        }
    }
}
