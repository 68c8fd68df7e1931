use super::*;
use proptest::prelude::*;

#[test]
fn reads_what_the_writer_wrote() {
    let bytes = write(|out| {
        out.tag(minicbor::data::Tag::new(18))?
            .array(3)?
            .bytes(&[1, 2])?
            .str("é")?;
        out.map(1)?.i64(-19)?.null()?.ok()
    });
    let mut input = Reader::new(&bytes);
    assert_eq!((input.tag(), input.array_len()), (Ok(18), Ok(3)));
    assert_eq!((input.array(), input.text()), (Ok([1, 2]), Ok("é")));
    assert_eq!(
        (input.map_len(), input.int(), input.null()),
        (Ok(1), Ok(-19), Ok(()))
    );
    assert_eq!(input.finish(), Ok(()));
}

#[test]
fn a_second_form_of_a_value_is_refused() {
    let not_deterministic = Err(CborError::NotDeterministic { at: 0 });
    for head in [
        "1817",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "1c",
        "1f",
    ] {
        let bytes = hex::decode(head).unwrap();
        assert_eq!(Reader::new(&bytes).uint(), not_deterministic, "{head}");
    }
    let reader = |bytes: &'static [u8]| Reader::new(bytes);
    assert_eq!(
        reader(&[0x5f, 0x41, 0, 0xff]).bytes().map(|_| 0),
        not_deterministic
    );
    assert_eq!(
        reader(&[0x9f, 0xff]).array_len().map(|_| 0),
        not_deterministic
    );
    assert_eq!(reader(&[0xf8, 22]).null().map(|_| 0), not_deterministic);
    assert_eq!(reader(&[0, 0]).finish(), Err(CborError::Trailing { at: 0 }));
    assert_eq!(
        reader(&[0x61, 0xff]).text().map(|_| 0).map_err(|_| ()),
        Err(())
    );
}

#[test]
fn a_claimed_length_is_held_against_the_input() {
    let huge = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
    assert_eq!(
        Reader::new(&huge).array_len(),
        Err(CborError::Short { at: 0 })
    );
    assert_eq!(
        Reader::new(&[0xa1, 0]).map_len(),
        Err(CborError::Short { at: 0 })
    );
    assert_eq!(
        Reader::new(&[0x42, 0]).bytes(),
        Err(CborError::Short { at: 0 })
    );
    assert_eq!(
        Reader::new(&[0x19, 1]).uint(),
        Err(CborError::Short { at: 0 })
    );
    assert_eq!(Reader::new(&[]).tag(), Err(CborError::Short { at: 0 }));
}

proptest! {
    #[test]
    fn integers_survive_and_have_one_form(value: i64) {
        let bytes = write(|out| out.i64(value)?.ok());
        let mut input = Reader::new(&bytes);
        prop_assert_eq!(input.int(), Ok(value));
        prop_assert!(input.is_at_end());
    }

    #[test]
    fn no_input_panics_and_a_refusal_moves_nothing(bytes: Vec<u8>, calls: Vec<u8>) {
        let mut input = Reader::new(&bytes);
        for call in calls {
            let before = input.position();
            let refused = match call % 9 {
                0 => input.uint().is_err(),
                1 => input.int().is_err(),
                2 => input.bytes().is_err(),
                3 => input.text().is_err(),
                4 => input.array_len().is_err(),
                5 => input.map_len().is_err(),
                6 => input.tag().is_err(),
                7 => input.array::<32>().is_err(),
                _ => input.null().is_err(),
            };
            prop_assert_eq!(refused, input.position() == before);
        }
    }
}
