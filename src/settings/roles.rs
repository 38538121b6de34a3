//! Roles → targets: a suite names a role; the command line, a profile, or a target of the same name say what plays
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::layers::Origin;
use super::profile::Profile;
use super::target::{Target, TargetEntry};
use super::{Settings, names};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::suite::Service;

/// What `--target` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetChoice {
    /// `NAME`: for all roles whose own target speaks the same service.
    Everywhere(String),
    /// `ROLE=NAME`.
    Role {
        /// The role.
        role: String,
        /// The target's name.
        target: String,
    },
}

impl FromStr for TargetChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = |text: &str| {
            let text = text.trim();
            if text.is_empty() {
                Err("a target's name is missing".to_owned())
            } else {
                Ok(text.to_owned())
            }
        };
        match text.split_once('=') {
            Some((role, target)) => Ok(Self::Role {
                role: name(role)?,
                target: name(target)?,
            }),
            None => Ok(Self::Everywhere(name(text)?)),
        }
    }
}

/// Which target plays which role in this run.
#[derive(Debug)]
pub struct Roles<'s> {
    settings: &'s Settings,
    profile: Option<&'s Profile>,
    choices_from: Origin,
    everywhere: BTreeMap<Service, &'s TargetEntry>,
    by_role: BTreeMap<String, &'s TargetEntry>,
}

/// The target of a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned<'s> {
    /// The target.
    pub target: &'s Target,
    /// Who chose it.
    pub origin: Origin,
    /// A bare `--target` was given, but this role's target speaks another service and stays.
    pub kept: bool,
}

impl PartialEq for Target {
    /// Targets of one settings file are told apart by their names.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Why a role has no target that can be used.
#[derive(Debug, Clone)]
pub enum RoleError {
    /// Nothing says what plays it.
    Unknown {
        /// The role.
        role: String,
        /// What to do next.
        help: Vec<String>,
    },
    /// Its target cannot be used here and now.
    Unusable {
        /// The target's name.
        target: String,
        /// Why.
        problems: Vec<Diagnostic>,
    },
}

impl RoleError {
    /// The problem as a message without a place, for [`RoleError::Unknown`].
    pub fn message(&self) -> String {
        match self {
            Self::Unknown { role, .. } => format!("no target plays the role `{role}`"),
            Self::Unusable { target, .. } => format!("the target `{target}` cannot be used"),
        }
    }
}

impl Settings {
    /// Settles which target plays which role. `choices` are those of `--target`, or of its variable: `origin`.
    ///
    /// # Errors
    /// Names that are not in the settings, and choices that exclude each other.
    pub fn roles<'s>(
        &'s self,
        profile: Option<&'s Profile>,
        choices: &[TargetChoice],
        origin: Origin,
    ) -> Result<Roles<'s>, Vec<Diagnostic>> {
        let mut roles = Roles {
            settings: self,
            profile,
            choices_from: origin,
            everywhere: BTreeMap::new(),
            by_role: BTreeMap::new(),
        };
        let problems: Vec<_> = choices
            .iter()
            .filter_map(|choice| roles.choose(choice).err())
            .collect();
        if problems.is_empty() {
            Ok(roles)
        } else {
            Err(problems)
        }
    }
}

impl<'s> Roles<'s> {
    fn choose(&mut self, choice: &TargetChoice) -> Result<(), Diagnostic> {
        let (role, name) = match choice {
            TargetChoice::Everywhere(name) => (None, name),
            TargetChoice::Role { role, target } => (Some(role), target),
        };
        let entry = self.settings.entry(name).ok_or_else(|| {
            let known = names(&self.settings.targets);
            let mut problem =
                Diagnostic::error("unknown-target", format!("the settings have no target `{name}`"));
            problem.help.extend(suggest::help(name, &known));
            problem
        })?;
        let taken = match (role, entry.service) {
            (Some(role), _) => self.by_role.insert(role.clone(), entry),
            (None, Some(service)) => self.everywhere.insert(service, entry),
            // Its text is wrong, which is reported where it stands.
            (None, None) => None,
        };
        match taken {
            Some(before) if before.name != entry.name => {
                let message = match role {
                    Some(role) => format!(
                        "the role `{role}` is given two targets: `{}` and `{name}`",
                        before.name
                    ),
                    None => format!("`{}` and `{name}` speak the same service", before.name),
                };
                let help = "give one target for all, or one for each role: `--target ROLE=NAME`";
                Err(Diagnostic::error("two-targets", message).help(help))
            }
            _ => Ok(()),
        }
    }

    /// The target that plays a role; without a role, the only target there is.
    ///
    /// # Errors
    /// When nothing says what plays the role, or its target cannot be used.
    pub fn assign(&self, role: Option<&str>) -> Result<Assigned<'s>, RoleError> {
        let (entry, origin, kept) = self.entry(role)?;
        match &entry.target {
            Some(target) if entry.unusable.is_empty() => Ok(Assigned { target, origin, kept }),
            _ => Err(RoleError::Unusable {
                target: entry.name.clone(),
                problems: entry.unusable.clone(),
            }),
        }
    }

    /// Every role that something plays: the targets' own names, and what profile and command line map.
    pub fn all(&self) -> Vec<(String, &'s TargetEntry)> {
        let targets = self.settings.targets.iter().map(|entry| &entry.name);
        let of_profile = self.profile.into_iter().flat_map(|profile| &profile.targets);
        let roles: BTreeSet<&String> = targets
            .chain(of_profile.map(|(role, ..)| role))
            .chain(self.by_role.keys())
            .collect();
        let played = |role: &String| Some((role.clone(), self.entry(Some(role)).ok()?.0));
        roles.into_iter().filter_map(played).collect()
    }

    fn entry(&self, role: Option<&str>) -> Result<(&'s TargetEntry, Origin, bool), RoleError> {
        if let Some(entry) = role.and_then(|role| self.by_role.get(role)) {
            return Ok((entry, self.choices_from.clone(), false));
        }
        let (own, origin) = self.own(role)?;
        match own.service.and_then(|service| self.everywhere.get(&service)) {
            Some(entry) => Ok((entry, self.choices_from.clone(), false)),
            None => Ok((own, origin, !self.everywhere.is_empty())),
        }
    }

    /// What plays a role when no choice of the command line applies.
    fn own(&self, role: Option<&str>) -> Result<(&'s TargetEntry, Origin), RoleError> {
        let Some(role) = role else { return self.only() };
        let mapped = self.profile.and_then(|profile| {
            let (_, target, _) = profile.targets.iter().find(|(name, ..)| name == role)?;
            Some((
                self.settings.entry(target)?,
                Origin::Profile(profile.name.clone()),
            ))
        });
        let same_name = || Some((self.settings.entry(role)?, Origin::Settings));
        mapped.or_else(same_name).ok_or_else(|| self.unknown(role))
    }

    fn only(&self) -> Result<(&'s TargetEntry, Origin), RoleError> {
        match &self.settings.targets[..] {
            [entry] => Ok((entry, Origin::BuiltIn)),
            _ => Err(RoleError::Unknown {
                role: String::new(),
                help: vec!["the settings have more than one target: say which with `target:`".to_owned()],
            }),
        }
    }

    fn unknown(&self, role: &str) -> RoleError {
        let known = names(&self.settings.targets);
        let mut help: Vec<String> = suggest::help(role, &known).into_iter().collect();
        let profiles: Vec<String> = self
            .settings
            .profiles
            .iter()
            .filter(|profile| profile.targets.iter().any(|(name, ..)| name == role))
            .map(|profile| format!("`--profile {}`", profile.name))
            .collect();
        if !profiles.is_empty() {
            help.push(format!("the role has a target with {}", profiles.join(" or ")));
        }
        help.push(format!("choose one on the command line: `--target {role}=NAME`"));
        RoleError::Unknown {
            role: role.to_owned(),
            help,
        }
    }
}
