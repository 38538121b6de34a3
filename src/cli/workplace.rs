//! What every command that reads suites begins with: the files that are meant, and the settings of their root.

use std::path::Path;

use super::args::{Origins, SuiteArgs};
use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::diagnostic::Diagnostic;
use crate::settings::Settings;
use crate::settings::profile::Profile;
use crate::settings::roles::Roles;
use crate::suite::discover::{Discovered, SuiteFile, default_path, discover};
use crate::suite::select::PathArgument;

/// Suite files and settings, the suites not yet read.
#[derive(Debug)]
pub(super) struct Workplace {
    /// The settings.
    pub(super) settings: Settings,
    /// The suites' files in order.
    pub(super) files: Vec<SuiteFile>,
    /// What is wrong with the settings.
    pub(super) problems: Vec<Diagnostic>,
    /// Where was looked, for messages.
    searched: String,
}

impl Workplace {
    /// Finds the files and reads the settings.
    ///
    /// # Errors
    /// When there are no settings, or paths are wrong.
    pub(super) fn open(args: &SuiteArgs, here: &Surroundings) -> Result<Self, Failure> {
        let directory = &here.working_directory;
        let exists = |path: &Path| directory.join(path).exists();
        let paths: Vec<_> = args
            .paths
            .iter()
            .map(|path| PathArgument::parse(path, exists))
            .collect();
        let Discovered { root, files } = discover(&paths, directory)?;
        let (settings, mut problems) =
            Settings::load(&root, &here.environment(&args.settings.allowed_variables));
        let Some(settings) = settings else {
            return Err(problems.into());
        };
        problems.extend(settings.unlisted(&args.settings.allowed_variables));
        Ok(Self {
            settings,
            files,
            problems,
            searched: searched(args, directory),
        })
    }

    /// The profile that was asked for.
    pub(super) fn profile(&self, args: &SuiteArgs) -> Result<Option<&Profile>, Failure> {
        match &args.settings.profile {
            Some(name) => Ok(Some(
                self.settings
                    .profile(name)
                    .map_err(|problem| self.with_problems(vec![*problem]))?,
            )),
            None => Ok(None),
        }
    }

    /// Which target plays which role.
    pub(super) fn roles<'w>(
        &'w self,
        args: &SuiteArgs,
        profile: Option<&'w Profile>,
        origins: &Origins,
    ) -> Result<Roles<'w>, Failure> {
        self.settings
            .roles(profile, &args.target, origins.of("--target"))
            .map_err(|problems| self.with_problems(problems))
    }

    /// Refuses to go on when there is no suite at all.
    pub(super) fn need_suites(&self) -> Result<(), Failure> {
        if !self.files.is_empty() {
            return Ok(());
        }
        Err(Failure::Nothing {
            message: format!("there are no suites in {}", self.searched),
            help: "suites are .yaml files; not counted are turnproof.yaml, hidden and git-ignored files, and the \
                   folders agents, fixtures, steps, cassettes and snapshots"
                .to_owned(),
        })
    }

    /// Problems of the command line come with those of the settings: they may have one cause.
    fn with_problems(&self, mut problems: Vec<Diagnostic>) -> Failure {
        problems.splice(0..0, self.problems.iter().cloned());
        Failure::Invalid(problems)
    }
}

fn searched(args: &SuiteArgs, directory: &Path) -> String {
    if args.paths.is_empty() {
        return format!("`{}`", default_path(directory).display());
    }
    let shown: Vec<String> = args
        .paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect();
    shown.join(", ")
}
