//! DNS messages, as much as the region's resolver needs: one question in, one answer out (RFC 1035).
//!
//! Not handled: compression of names in answers, EDNS, zone transfers, anything but class IN.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Seconds a client may remember an answer: a switch of a name has to be seen at once.
const TTL: u32 = 1;
const CLASS_IN: u16 = 1;
const ANSWER_AUTHORITATIVE: u16 = 0x8480; // QR, AA, RA; RD is copied

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(String),
    Ns(String),
    Txt(String),
}

impl Data {
    pub(super) fn number(&self) -> u16 {
        match self {
            Self::A(_) => 1,
            Self::Ns(_) => 2,
            Self::Cname(_) => 5,
            Self::Txt(_) => 16,
            Self::Aaaa(_) => 28,
        }
    }
}

/// The one question of a query. The name is lower case and has no dot at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    id: u16,
    wants_recursion: bool,
    pub(super) name: String,
    pub(super) number: u16,
    raw: Vec<u8>,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Found,
    NoSuchName,
}

/// Reads a query; none when it is not one with exactly one question.
pub(super) fn read(query: &[u8]) -> Option<Question> {
    let word = |at: usize| Some(u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]));
    let flags = word(2)?;
    if flags & 0xF800 != 0 || word(4)? != 1 {
        return None;
    }
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        if length > 63 {
            return None;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
    let number = word(at)?;
    if word(at + 2)? != CLASS_IN {
        return None;
    }
    Some(Question {
        id: word(0)?,
        wants_recursion: flags & 0x0100 != 0,
        name: labels.join("."),
        number,
        raw: query.get(12..at + 4)?.to_vec(),
    })
}

/// Writes the answer: records with their owner names, in order. `zone` is named as the source of a negative one.
pub(super) fn write(question: &Question, verdict: Verdict, records: &[(String, Data)], zone: Option<&str>) -> Vec<u8> {
    let negative = zone.filter(|_| records.is_empty());
    let mut out = Vec::with_capacity(128);
    let recursion = if question.wants_recursion { 0x0100 } else { 0 };
    let code = if verdict == Verdict::NoSuchName { 3 } else { 0 };
    let answers = u16::try_from(records.len()).unwrap_or(u16::MAX);
    for word in [question.id, ANSWER_AUTHORITATIVE | recursion | code, 1, answers, u16::from(negative.is_some()), 0] {
        out.extend(word.to_be_bytes());
    }
    out.extend(&question.raw);
    for (owner, data) in records {
        let mut content = Vec::new();
        match data {
            Data::A(address) => content.extend(address.octets()),
            Data::Aaaa(address) => content.extend(address.octets()),
            Data::Cname(name) | Data::Ns(name) => put_name(&mut content, name),
            Data::Txt(text) => {
                for part in text.as_bytes().chunks(255) {
                    content.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
                    content.extend(part);
                }
            }
        }
        put_record(&mut out, owner, data.number(), &content);
    }
    if let Some(zone) = negative {
        let mut start_of_authority = Vec::new();
        put_name(&mut start_of_authority, &format!("ns.{zone}"));
        put_name(&mut start_of_authority, &format!("hostmaster.{zone}"));
        for number in [1, 7200, 900, 1_209_600, TTL] {
            start_of_authority.extend(number.to_be_bytes());
        }
        put_record(&mut out, zone, 6, &start_of_authority);
    }
    out
}

fn put_record(out: &mut Vec<u8>, owner: &str, number: u16, content: &[u8]) {
    put_name(out, owner);
    out.extend(number.to_be_bytes());
    out.extend(CLASS_IN.to_be_bytes());
    out.extend(TTL.to_be_bytes());
    out.extend(u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(content);
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let bytes = &label.as_bytes()[..label.len().min(63)];
        out.push(u8::try_from(bytes.len()).unwrap_or(63));
        out.extend(bytes);
    }
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, number: u16) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
        put_name(&mut bytes, name);
        bytes.extend(number.to_be_bytes());
        bytes.extend([0, 1]);
        bytes
    }

    #[test]
    fn a_question_is_read_without_regard_to_case() {
        let question = read(&query("Cloud.Example", 1)).unwrap();
        assert_eq!((question.name.as_str(), question.number), ("cloud.example", 1));
    }

    #[test]
    fn a_cut_query_is_nobodys_question() {
        let whole = query("cloud.example", 1);
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "cut to {length} bytes");
        }
    }

    #[test]
    fn an_address_is_answered_with_the_question_repeated() {
        let question = read(&query("a.b", 1)).unwrap();
        let answer =
            write(&question, Verdict::Found, &[("a.b".to_owned(), Data::A(Ipv4Addr::new(10, 77, 0, 11)))], Some("b"));
        assert_eq!(&answer[..12], [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert!(answer.ends_with(&[0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 77, 0, 11]));
    }

    #[test]
    fn an_unknown_name_is_answered_with_its_zone() {
        let question = read(&query("x.b", 1)).unwrap();
        let answer = write(&question, Verdict::NoSuchName, &[], Some("b"));
        assert_eq!(answer[3] & 0x0F, 3);
        assert_eq!(&answer[6..10], [0, 0, 0, 1], "no answer, one authority record");
    }
}
