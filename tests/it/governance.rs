//! Several governors at their command lines: what two decide and one does not, and what the service shows of it.

use crate::support::stage::Stage;
use serde_json::Value;
use threadmark_agent::home::Home;
use threadmark_agent::sync::SyncError;
use threadmark_agent::system::{self, SystemEntropy};

impl Stage {
    fn vote(&self, who: &str, id: &str) {
        self.done(who, "sync");
        self.done(who, &format!("governance vote proposal:{id}"));
    }

    fn status(&self, who: &str) -> Value {
        self.done(who, "sync");
        self.done(who, "governance status")
    }

    /// How a proposal stands, and how many votes it lacks.
    fn stands(&self, id: &str) -> (String, u64) {
        let status = self.status("governor");
        let id = format!("proposal:{id}");
        let mut all = status["proposals"].as_array().unwrap().iter();
        let of = all.find(|of| of["proposal"] == id).unwrap();
        let stands = of["stands"].as_str().unwrap().to_owned();
        (stands, of["missing"].as_u64().unwrap())
    }
}

#[test]
fn three_governors_decide_by_two_and_the_operator_alone_decides_nothing() {
    let stage = Stage::new();
    let admit = |card: &str, name: &str| format!("admit {card} --name {name} --function governor");
    let (second, third) = (stage.person("second"), stage.person("third"));
    // The founder is alone until there is a second.
    stage.propose("p1", &admit(&second, "Second"));
    assert_eq!(stage.stands("p1"), ("decided".to_owned(), 0));
    stage.join("second");
    stage.propose("p2", &admit(&third, "Third"));
    assert_eq!(stage.stands("p2"), ("open".to_owned(), 1));
    stage.vote("second", "p2");
    assert_eq!(stage.stands("p2"), ("decided".to_owned(), 0));
    stage.join("third");
    let status = stage.status("third");
    let governors = ["log.example", "second.example", "third.example"];
    assert_eq!(status["governors"], serde_json::json!(governors));
    assert_eq!(status["needed"], 2);
    // From now on what opens a door opens a day later; that binds at once.
    let policy = stage.run("governor", "governance status --policy");
    let mut policy: Value = serde_json::from_slice(&policy.stdout).unwrap();
    policy["delay_s"] = 86_400.into();
    let file = stage.home("policy.json");
    std::fs::write(&file, policy.to_string()).unwrap();
    stage.propose("p3", &format!("policy {}", file.display()));
    assert_eq!(stage.status("governor")["delay_s"], 0);
    stage.vote("third", "p3");
    assert_eq!(stage.status("governor")["delay_s"], 86_400);
    // The operator has a puppet, and one vote.
    let puppet = stage.person("puppet");
    stage.propose("p4", &admit(&puppet, "Puppet"));
    let again = stage.refused("governor", "governance vote proposal:p4");
    assert!(again.contains("already-exists"), "{again}");
    assert_eq!(stage.stands("p4"), ("open".to_owned(), 1));
    stage.vote("second", "p4");
    assert_eq!(stage.stands("p4"), ("decided".to_owned(), 0));
    stage.join("puppet");
    let card = stage.person("friend");
    let early = stage.run("puppet", &format!("key add {card}"));
    let told = String::from_utf8([early.stdout, early.stderr].concat()).unwrap();
    assert!(!early.status.success(), "{told}");
    // Two take it back before it opens.
    stage.propose("p5", "cancel proposal:p4");
    stage.vote("third", "p5");
    assert_eq!(stage.stands("p4"), ("cancelled".to_owned(), 0));
    shown_to_strangers(&stage, &governors);
    assert!(stage.service.terminate());
}

fn shown_to_strangers(stage: &Stage, governors: &[&str]) {
    let address = format!("{}/v1/governance", stage.service.url);
    let mut told = ureq::get(address).call().unwrap();
    let told = told.body_mut().read_to_string().unwrap();
    let shown: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(shown["policy"]["delay_s"], 86_400);
    assert_eq!(shown["coming"], serde_json::json!([]));
    for name in &governors[1..] {
        assert!(!told.contains(name), "{told}");
    }
}

#[test]
fn a_key_that_a_thief_enrolled_opens_no_session_once_that_is_known() {
    let stage = Stage::new();
    let admin = stage.person("shop");
    stage.propose("s1", &format!("admit {admin} --name Shop --function shop"));
    stage.join("shop");
    let card = stage.person_of("shop", "planted");
    stage.done("shop", &format!("key add {card}"));
    stage.join("planted");
    let planted = Home::open(&stage.home("planted")).unwrap();
    let signs_in = || {
        let client = stage.service.client();
        client.session(&planted, system::now(), &mut SystemEntropy)
    };
    signs_in().unwrap();
    let kid = stage.done("shop", "key card")["kid"].clone();
    let kid = kid.as_str().unwrap();
    let line = format!("key revoke {kid} --compromised-since 2020-01-01 --reason 'Stolen'");
    stage.done("shop", &line);
    match signs_in() {
        Err(SyncError::Problem(problem)) => assert_eq!(problem.code, "session-refused"),
        other => panic!("{:?}", other.is_ok()),
    }
    assert!(stage.service.terminate());
}
