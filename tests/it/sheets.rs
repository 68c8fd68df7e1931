//! Tables in: a shop's reports, by the real command.

use crate::support::Founded;
use std::path::Path;
use std::process::{Command, Output};
use threadmark_agent::home::Home;
use threadmark_protocol::body::Core;

const HEAD: &str = "part,event,at,hours,cycles,landings,source,reason\n";
const GOOD: &str = "part:p1,usage,2026-03-01T12:00:00Z,10,4,4,Log book,\n\
                    part:p1,remove,2026-03-02T12:00:00+01:00,,,,,Scheduled\n";

fn import(home: &Path, table: &str, more: &[&str]) -> Output {
    let file = home.join("table.csv");
    std::fs::write(&file, format!("{HEAD}{table}")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_threadmark"))
        .args(["part", "import"])
        .arg(&file)
        .args(["--offline", "--json", "--home"])
        .arg(home)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn nothing_is_signed_when_one_line_is_wrong_unless_told_otherwise() {
    let founded = Founded::new(String::new());
    let home = founded.governor.folder().to_owned();
    let signed = || Home::open(&home).unwrap().own_statements().unwrap();
    let before = signed().len();
    for (wrong, why) in [
        (
            "part:p1,usage,2026-03-01T12:00:00Z,-1,4,4,Log book,\n",
            "hours",
        ),
        ("part:p1,usage,yesterday,1,4,4,Log book,\n", "at"),
        (
            "part:p1,usage,2026-03-01T12:00:00Z,1,4,4,,\n",
            "source is empty",
        ),
        (
            "part:p1,usage,2026-03-01T12:00:00Z,1,4,4,Log book,Worn\n",
            "takes no reason",
        ),
        (
            "part:p1,polish,2026-03-01T12:00:00Z,,,,,\n",
            "none of usage",
        ),
        (
            "part:p1,receive,2026-03-01T12:00:00Z,,,,,\n",
            "shipment-missing",
        ),
        (
            "not a mark,remove,2026-03-01T12:00:00Z,,,,,Worn\n",
            "no mark",
        ),
    ] {
        let told = import(&home, &format!("{GOOD}{wrong}"), &[]);
        let text = String::from_utf8_lossy(&told.stdout).into_owned()
            + &String::from_utf8_lossy(&told.stderr);
        assert!(!told.status.success() && text.contains("line 4"), "{text}");
        assert!(text.contains(why), "{why}: {text}");
        assert_eq!(signed().len(), before, "{wrong}");
    }
    assert!(import(&home, GOOD, &["--check"]).status.success());
    assert_eq!(signed().len(), before);
    let broken = format!("{GOOD}part:p1,polish,2026-03-01T12:00:00Z,,,,,\n");
    let told = import(&home, &broken, &["--skip-wrong"]);
    assert!(told.status.success(), "{told:?}");
    let all = signed();
    let [first, second] = &all[before..] else {
        panic!("{} statements", all.len() - before)
    };
    assert!(
        matches!(&first.body.core, Core::PartUsageReported(says) if says.total.duration_s == 36_000)
    );
    // Of one part each line comes after the one before.
    assert!(matches!(&second.body.core, Core::PartRemoved(says) if says.after == Some(first.id)));
    assert_eq!(
        second.body.occurred_at.to_string(),
        "2026-03-02T12:00:00+01:00"
    );
}
