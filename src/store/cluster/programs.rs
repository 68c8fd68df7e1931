//! Which of the installed PostgreSQL versions runs. Owns the search; must never start a server.

use super::{ClusterError, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The oldest major version that we test with; older ones are out of support.
pub(super) const OLDEST_MAJOR: u32 = 13;

/// One installed PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// Those that made the data when there is some, else the first in PATH, else the newest.
    pub(super) fn find(data: &Path) -> Result<Programs> {
        let path = env::var_os("PATH").unwrap_or_default();
        let installed = env::split_paths(&path).filter_map(Programs::in_folder);
        let mut packaged: Vec<_> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Programs::in_folder(entry.ok()?.path().join("bin")))
            .collect();
        packaged.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        let found: Vec<_> = installed.chain(packaged).collect();
        Programs::choose(&found, data)
    }

    fn choose(found: &[Programs], data: &Path) -> Result<Programs> {
        let Some(newest) = found.iter().max_by_key(|programs| programs.major) else {
            return Err(ClusterError::NoServer);
        };
        let made_by = fs::read_to_string(data.join("PG_VERSION")).ok();
        if let Some(major) = made_by.and_then(|version| leading_number(&version)) {
            let same = found.iter().find(|programs| programs.major == major);
            let data = data.to_owned();
            return same
                .cloned()
                .ok_or(ClusterError::OtherVersion { data, major });
        }
        let good = found.iter().find(|programs| programs.major >= OLDEST_MAJOR);
        let Programs { folder, major } = newest.clone();
        good.cloned().ok_or(ClusterError::TooOld { major, folder })
    }

    /// `postgres --version` prints `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    fn in_folder(folder: PathBuf) -> Option<Programs> {
        if !["postgres", "initdb", "pg_ctl"]
            .iter()
            .all(|name| folder.join(name).is_file())
        {
            return None;
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let major = leading_number(text.split_whitespace().nth(2)?)?;
        Some(Programs { folder, major })
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_the_programs_that_made_the_data() {
        let programs = |major| Programs {
            folder: format!("/pg/{major}").into(),
            major,
        };
        let found = [programs(12), programs(15), programs(17)];
        let folder = tempfile::tempdir().unwrap();
        let choose = |found| Programs::choose(found, folder.path());
        assert_eq!(choose(&found).unwrap().major, 15);
        assert!(matches!(choose(&[]), Err(ClusterError::NoServer)));
        assert!(matches!(
            choose(&found[..1]),
            Err(ClusterError::TooOld { major: 12, .. })
        ));

        fs::write(folder.path().join("PG_VERSION"), "17\n").unwrap();
        assert_eq!(choose(&found).unwrap().major, 17);
        let error = choose(&found[..2]).unwrap_err();
        assert!(
            error.to_string().contains("apt-get install postgresql-17"),
            "{error}"
        );
    }
}
