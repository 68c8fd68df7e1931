//! Statements as events, one by one.
//!
//! Owns what each event says beside its words: parties, documents, quantities, where a part was put in. What strangers are
//! not told is never put in. Must never know which statements there are.

use super::words::{self, Words, subject, urn};
use super::{Event, PREFIX, VOCABULARY, hash};
use crate::answer::is_event_for_everybody;
use crate::body::correction::ErrorDeclared;
use crate::body::material::{MaterialBlended, MaterialUsed};
use crate::body::part::Installed;
use crate::body::physical::{Compared, Enrolled, Match};
use crate::body::resource::MaterialReceived;
use crate::body::usage::UsageReported;
use crate::digest::Digest;
use crate::statement::StatementId;
use crate::text::{Moment, OrgId, SubjectId};
use crate::world::{self, Report, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The type of event that tells what is put into an assembly.
const ASSEMBLED: &str = "AggregationEvent";

/// Tells events, oldest first.
pub struct Teller {
    /// The part's name.
    epc: String,
    /// Whether who asks may know more than strangers.
    pub is_member: bool,
    /// What was told.
    pub events: Vec<Event>,
    /// The asset or assembly that the part is in, with the type of event that tells it.
    installed: Option<(String, &'static str)>,
    /// Who sent it by which statement, and to whom.
    sent: BTreeMap<StatementId, (OrgId, OrgId)>,
    /// Who gave it away by which statement, and to whom.
    given: BTreeMap<StatementId, (OrgId, OrgId)>,
    /// What comparisons with physical evidence amount to.
    compared: BTreeMap<StatementId, Match>,
}

impl Teller {
    /// For the part of this name, with what its [`Life`](crate::life::Life) says of comparisons.
    pub fn new(epc: String, is_member: bool, compared: BTreeMap<StatementId, Match>) -> Teller {
        Teller {
            epc,
            is_member,
            events: Vec::new(),
            installed: None,
            sent: BTreeMap::new(),
            given: BTreeMap::new(),
            compared,
        }
    }

    /// Adds who said it and when, and the id.
    fn add(&mut self, fields: Value, source: &Source) {
        let Value::Object(mut event) = fields else {
            unreachable!("events are written as objects here")
        };
        let time = |seconds| Moment::from_unix(seconds).ok().map(|time| json!(time));
        event.insert("eventTime".into(), time(source.at).unwrap_or_default());
        // States keep the moment and not the offset at which it was written down.
        event.insert("eventTimeZoneOffset".into(), json!("+00:00"));
        if let Some(logged_at) = source.logged_at.and_then(time) {
            event.insert("recordTime".into(), logged_at);
        }
        event.insert(format!("{PREFIX}:statement"), json!(source.statement));
        event.insert(format!("{PREFIX}:organisation"), json!(source.org));
        let prefixes = [(PREFIX.to_owned(), VOCABULARY.to_owned())].into();
        let id = hash::event_id(&event, &prefixes);
        event.insert("eventID".into(), json!(id));
        self.events.push(event);
    }

    /// What happened to the part.
    pub fn fact(&mut self, fact: &Report<world::Event>) {
        if !self.is_member && !is_event_for_everybody(&fact.says) {
            return;
        }
        if let world::Event::ErrorDeclared(says) = &fact.says {
            return self.error(says, &fact.source);
        }
        let Some(words) = words::of(&fact.says) else {
            return;
        };
        let mut fields = self.frame(&fact.says, &words);
        if let world::Event::Compared { .. } = &fact.says {
            let verdict = self.compared.get(&fact.source.statement);
            match words::compared(verdict.copied()) {
                Some(disposition) => fields["disposition"] = json!(disposition),
                None => drop(fields.as_object_mut().map(|all| all.remove("disposition"))),
            }
        }
        // What was found against a report is told with it, and then it says nothing of how the part is.
        if !fact.noted.is_empty() {
            if let Some(fields) = fields.as_object_mut() {
                fields.remove("disposition");
            }
            fields[format!("{PREFIX}:noted")] = json!(fact.noted);
        }
        if self.is_member {
            self.documents(&fact.says, &mut fields);
            self.parties(&fact.says, &fact.source, &mut fields);
            dispositions(&fact.says, &mut fields);
        }
        self.add(fields, &fact.source);
    }

    /// Type, action, words, and the part.
    fn frame(&mut self, says: &world::Event, words: &Words) -> Value {
        let Words(action, mut step, disposition) = *words;
        let epcs = [&self.epc];
        let mut fields = match says {
            world::Event::Completed { build } => {
                let id = subject(build);
                return json!({
                    "type": "TransformationEvent", "transformationID": id, "outputEPCList": epcs,
                    "bizStep": step, "disposition": disposition,
                });
            }
            world::Event::Installed(says) => self.placed(says),
            world::Event::Removed(_) => match self.installed.take() {
                Some((parent, of)) => {
                    if of == ASSEMBLED {
                        step = "disassembling";
                    }
                    json!({ "type": of, "parentID": parent, "childEPCs": epcs })
                }
                // Nobody reported where it was.
                None => {
                    return json!({
                        "type": "ObjectEvent", "epcList": epcs, "action": "OBSERVE",
                        "bizStep": step, "disposition": disposition,
                    });
                }
            },
            _ => json!({ "type": "ObjectEvent", "epcList": epcs }),
        };
        fields["action"] = json!(action);
        fields["bizStep"] = json!(step);
        fields["disposition"] = json!(disposition);
        fields
    }

    /// The part came into an asset, or into an assembly.
    fn placed(&mut self, says: &Installed) -> Value {
        let (parent, of) = match (&says.into, &says.asset) {
            (Some(assembly), _) => (subject(assembly), ASSEMBLED),
            (None, asset) => {
                let asset = asset.as_ref().map_or("", |asset| asset.as_str());
                (urn("asset", asset), "AssociationEvent")
            }
        };
        self.installed = Some((parent.clone(), of));
        let position = format!("{PREFIX}:position");
        json!({
            "type": of, "parentID": parent, "childEPCs": [&self.epc],
            position: says.position,
        })
    }

    /// Whoever reported something says that it is not so: the same event once more, with the declaration.
    fn error(&mut self, says: &ErrorDeclared, source: &Source) {
        let statement = format!("{PREFIX}:statement");
        let of = |id: &StatementId| {
            let is_it = |event: &&Event| event.get(&statement) == Some(&json!(id));
            self.events.iter().find(is_it).cloned()
        };
        let own = json!(source.org);
        let found = of(&says.error);
        let found =
            found.filter(|event| event.get(&format!("{PREFIX}:organisation")) == Some(&own));
        let Some(mut event) = found else {
            return;
        };
        let instead = says.instead.as_ref().and_then(of);
        let instead = instead.and_then(|event| event.get("eventID").cloned());
        let reason = if says.instead.is_some() {
            "incorrect_data"
        } else {
            "did_not_occur"
        };
        let mut declaration = json!({ "reason": reason, statement: source.statement });
        declaration["declarationTime"] = json!(Moment::from_unix(source.at).ok());
        if let Some(id) = instead {
            declaration["correctiveEventIDs"] = json!([id]);
        }
        event.insert("errorDeclaration".into(), declaration);
        self.events.push(event);
    }

    /// Papers, by their names and digests; measurements.
    fn documents(&self, says: &world::Event, fields: &mut Value) {
        let report = |digest: &Digest| ("testres", urn("sha3-256", &digest.to_hex()));
        let papers = match says {
            world::Event::Started { build, .. } => vec![("prodorder", subject(build))],
            world::Event::Entered(says) => {
                vec![("cert", urn("sha3-256", &says.papers.to_hex()))]
            }
            world::Event::MarkVerified(says) => vec![report(&says.report)],
            world::Event::Tested(says) => vec![
                ("testprd", urn("test", says.test.as_str())),
                report(&says.report),
            ],
            world::Event::Enrolled(says) => evidence(says),
            world::Event::Compared { comparison, .. } => measured_again(comparison),
            world::Event::Inspected(says) => vec![
                ("testprd", urn("plan", says.plan.as_str())),
                report(&says.report),
            ],
            world::Event::Nonconformance(says) => vec![report(&says.report)],
            world::Event::Released(says) => {
                let form = format!("{} {}", says.form, says.number);
                let form = urn("form", &form);
                fields["certificationInfo"] = json!(form);
                vec![("cert", form)]
            }
            world::Event::OwnerChanged(says) => vec![("poc", urn("terms", says.terms.as_str()))],
            world::Event::Usage(says) => {
                fields["sensorElementList"] = json!([{ "sensorReport": measured(says) }]);
                Vec::new()
            }
            _ => Vec::new(),
        };
        if !papers.is_empty() {
            let list = papers.iter();
            let list = list.map(|(of, name)| json!({ "type": of, "bizTransaction": name }));
            fields["bizTransactionList"] = list.collect();
        }
    }

    /// From whom it goes to whom.
    fn parties(&mut self, says: &world::Event, source: &Source, fields: &mut Value) {
        let own = |to: &OrgId| (source.org.clone(), to.clone());
        let by_right = |parties: &&(OrgId, OrgId)| parties.1 == source.org;
        let (of, parties) = match says {
            world::Event::Shipped(says) => {
                self.sent.insert(source.statement, own(&says.to));
                ("possessing_party", Some(own(&says.to)))
            }
            world::Event::Received(says) => {
                let sent = self.sent.get(&says.shipment).filter(by_right);
                ("possessing_party", sent.cloned())
            }
            world::Event::OwnerChanged(says) => {
                self.given.insert(source.statement, own(&says.to));
                ("owning_party", Some(own(&says.to)))
            }
            world::Event::OwnerAccepted(says) => {
                let given = self.given.get(&says.change).filter(by_right);
                ("owning_party", given.cloned())
            }
            _ => return,
        };
        if let Some((from, to)) = parties {
            let party = |org: &OrgId| urn("org", org.as_str());
            fields["sourceList"] = json!([{ "type": of, "source": party(&from) }]);
            fields["destinationList"] = json!([{ "type": of, "destination": party(&to) }]);
        }
    }

    /// A lot of material arrived.
    pub fn received_lot(&mut self, lot: &SubjectId, report: &Report<MaterialReceived>) {
        let fields = json!({
            "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "receiving", "disposition": "in_progress",
            "quantityList": [quantity(lot, report.says.mass_mg)],
            "bizTransactionList": [{
                "type": "cert",
                "bizTransaction": urn("sha3-256", &report.says.certificate.to_hex()),
            }],
        });
        self.add(fields, &report.source);
    }

    /// A lot was made out of others.
    pub fn blended(&mut self, lot: &SubjectId, report: &Report<MaterialBlended>) {
        let from = report.says.from.iter();
        let from: Vec<_> = from
            .map(|share| quantity(&share.lot, share.mass_mg))
            .collect();
        let fields = json!({
            "type": "TransformationEvent", "bizStep": "commissioning", "disposition": "active",
            "transformationID": subject(lot), "inputQuantityList": from,
            "outputQuantityList": [quantity(lot, report.says.mass_mg)],
        });
        self.add(fields, &report.source);
    }

    /// A build took material: the inputs of the transformation whose output is the part.
    pub fn used(&mut self, build: &SubjectId, account: &Report<MaterialUsed>) {
        let loads = account.says.lots.iter();
        let net = loads.map(|load| {
            let mass_mg = load.loaded_mg.saturating_sub(load.recovered_mg);
            quantity(&load.lot, mass_mg)
        });
        let inputs: Vec<_> = net.collect();
        let fields = json!({
            "type": "TransformationEvent", "bizStep": "commissioning",
            "transformationID": subject(build), "inputQuantityList": inputs,
        });
        self.add(fields, &account.source);
    }

    /// Something above the part binds it.
    pub fn bound(&mut self, is_recall: bool, source: &Source) {
        let (disposition, set) = match is_recall {
            true => ("recalled", "recalled"),
            false => ("non_conformant", "unavailable"),
        };
        let fields = json!({
            "type": "ObjectEvent", "action": "OBSERVE", "epcList": [self.epc], "bizStep": "holding",
            "disposition": disposition, "persistentDisposition": { "set": [set] },
        });
        self.add(fields, source);
    }
}

/// What stays with the part until it is lifted.
fn dispositions(says: &world::Event, fields: &mut Value) {
    let change = match says {
        world::Event::Quarantined { .. } => "set",
        world::Event::QuarantineLifted { .. } => "unset",
        _ => return,
    };
    fields["persistentDisposition"] = json!({ change: ["unavailable"] });
}

/// So much of a lot, in kilograms.
fn quantity(lot: &SubjectId, mass_mg: i64) -> Value {
    json!({ "epcClass": subject(lot), "quantity": mass_mg as f64 / 1e6, "uom": "KGM" })
}

/// Use since new; codes of units are those of UN/ECE Recommendation 20.
fn measured(says: &UsageReported) -> Vec<Value> {
    let count = |of: &str, number: u64| {
        let counted = format!("{PREFIX}:counted");
        json!({ "type": "Count", "value": number, "uom": "C62", counted: of })
    };
    let mut reports = vec![
        json!({ "type": "Time", "value": says.total.duration_s, "uom": "SEC" }),
        count("cycles", says.total.cycles),
        count("landings", says.total.landings),
    ];
    if let Some(peak) = says.peak_milli_g {
        let peak = f64::from(peak) / 1000.0;
        reports.push(json!({ "type": "Acceleration", "value": peak, "uom": "K40" }));
    }
    reports
}

/// The documents of physical evidence, by their digests.
fn evidence(says: &Enrolled) -> Vec<(&'static str, String)> {
    let photographs = says.photographs.iter().map(|one| &one.file);
    let all = photographs.chain(says.scan.iter().map(|scan| &scan.file));
    all.map(|digest| ("testres", urn("sha3-256", &digest.to_hex())))
        .collect()
}

/// The same of a comparison, which names its enrolment as what was tested.
fn measured_again(says: &Compared) -> Vec<(&'static str, String)> {
    let enrolment = ("testprd", urn("statement", &says.enrolment.to_string()));
    let photographs = says.surfaces.iter().map(|one| &one.photograph);
    let scan = says.scan.iter().flat_map(|scan| [&scan.scan, &scan.report]);
    let results = photographs.chain(scan);
    let results = results.map(|digest| ("testres", urn("sha3-256", &digest.to_hex())));
    [enrolment].into_iter().chain(results).collect()
}
