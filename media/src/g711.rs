//! ITU-T G.711: tables to linear and from one law to the other.

use crate::io::command::Codec;

/// One entry for each code, by a const function of the code.
macro_rules! table_of {
    ($entry:ty, $function:ident) => {{
        let mut table: [$entry; 256] = [0; 256];
        let mut rest: &mut [$entry] = &mut table;
        let mut code: u8 = 0;
        while let Some((entry, others)) = rest.split_first_mut() {
            *entry = $function(code);
            code = code.wrapping_add(1);
            rest = others;
        }
        table
    }};
}

static ULAW_TO_LINEAR: [i16; 256] = table_of!(i16, ulaw_to_linear);
static ALAW_TO_LINEAR: [i16; 256] = table_of!(i16, alaw_to_linear);
static ULAW_TO_ALAW: [u8; 256] = table_of!(u8, ulaw_to_alaw);
static ALAW_TO_ULAW: [u8; 256] = table_of!(u8, alaw_to_ulaw);

/// What a silent line sends.
pub fn silence(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0xff,
        Codec::Pcma => 0xd5,
    }
}

/// Linear 16-bit samples, one for each code.
pub fn table(codec: Codec) -> &'static [i16; 256] {
    match codec {
        Codec::Pcmu => &ULAW_TO_LINEAR,
        Codec::Pcma => &ALAW_TO_LINEAR,
    }
}

pub fn decode(codec: Codec, code: u8) -> i16 {
    table(codec).get(usize::from(code)).copied().unwrap_or(0)
}

/// Decodes as much as fits.
pub fn decode_into(codec: Codec, codes: &[u8], samples: &mut [i16]) {
    let table = table(codec);
    for (sample, code) in samples.iter_mut().zip(codes) {
        *sample = table.get(usize::from(*code)).copied().unwrap_or(0);
    }
}

pub fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => linear_to_ulaw(sample),
        Codec::Pcma => linear_to_alaw(sample),
    }
}

/// Changes the law in place.
pub fn transcode(from: Codec, to: Codec, codes: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcmu, Codec::Pcma) => &ULAW_TO_ALAW,
        (Codec::Pcma, Codec::Pcmu) => &ALAW_TO_ULAW,
        (Codec::Pcmu, Codec::Pcmu) | (Codec::Pcma, Codec::Pcma) => return,
    };
    for code in codes {
        *code = table.get(usize::from(*code)).copied().unwrap_or(*code);
    }
}

const fn ulaw_to_linear(code: u8) -> i16 {
    let code = !code;
    let segment = (code & 0x70) >> 4;
    let magnitude = ((widen(code & 0x0f) << 3) + 0x84) << segment;
    if code & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

const fn alaw_to_linear(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code & 0x70) >> 4;
    let step = widen(code & 0x0f) << 4;
    let magnitude = match segment {
        0 => step + 8,
        1 => step + 0x108,
        _ => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

const fn linear_to_ulaw(sample: i16) -> u8 {
    const CLIP: i32 = 32_635;
    let wide = wide(sample);
    let (sign, magnitude) = if wide < 0 { (0x80, -wide) } else { (0, wide) };
    let magnitude = (if magnitude > CLIP { CLIP } else { magnitude }) + 0x84;
    let segment = segment_of(magnitude >> 7);
    !(sign | (segment << 4) | low(magnitude >> (segment + 3)) & 0x0f)
}

const fn linear_to_alaw(sample: i16) -> u8 {
    let wide = wide(sample);
    // The laws' zero lies between two codes: -1 belongs to the negative one.
    let (sign, magnitude) = if wide < 0 { (0, -wide - 1) } else { (0x80, wide) };
    let segment = segment_of(magnitude >> 8);
    let code = if magnitude < 256 {
        low(magnitude >> 4)
    } else {
        ((segment + 1) << 4) | low(magnitude >> (segment + 4)) & 0x0f
    };
    (sign | code) ^ 0x55
}

const fn ulaw_to_alaw(code: u8) -> u8 {
    linear_to_alaw(ulaw_to_linear(code))
}

const fn alaw_to_ulaw(code: u8) -> u8 {
    linear_to_ulaw(alaw_to_linear(code))
}

/// Position of the highest bit that is set; 0 for 0.
const fn segment_of(value: i32) -> u8 {
    let mut segment = 0;
    let mut rest = value >> 1;
    while rest != 0 {
        segment += 1;
        rest >>= 1;
    }
    segment
}

#[expect(clippy::as_conversions, reason = "`From` is not const, and these tables are")]
const fn widen(code: u8) -> i16 {
    code as i16
}

#[expect(clippy::as_conversions, reason = "`From` is not const, and these tables are")]
const fn wide(sample: i16) -> i32 {
    sample as i32
}

#[expect(clippy::as_conversions, reason = "keeps the low eight bits")]
const fn low(value: i32) -> u8 {
    (value & 0xff) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_laws_have_the_values_of_the_recommendation() {
        let check = |codec, code, sample| assert_eq!(decode(codec, code), sample, "{codec:?} {code:#x}");
        check(Codec::Pcmu, 0xff, 0);
        check(Codec::Pcmu, 0x7f, 0);
        check(Codec::Pcmu, 0x80, 32_124);
        check(Codec::Pcmu, 0x00, -32_124);
        check(Codec::Pcmu, 0xfe, 8);
        check(Codec::Pcma, 0xd5, 8);
        check(Codec::Pcma, 0x55, -8);
        check(Codec::Pcma, 0xaa, 32_256);
        check(Codec::Pcma, 0x2a, -32_256);
    }

    #[test]
    fn a_code_survives_decoding_and_encoding() {
        for code in 0..=u8::MAX {
            assert_eq!(encode(Codec::Pcma, decode(Codec::Pcma, code)), code, "A {code:#x}");
            // u-law has two zeros.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(encode(Codec::Pcmu, decode(Codec::Pcmu, code)), expected, "u {code:#x}");
        }
    }

    #[test]
    fn encoding_is_off_by_half_a_step_at_most() {
        for codec in Codec::ALL {
            for sample in (i16::MIN..=i16::MAX).step_by(7) {
                let back = i32::from(decode(codec, encode(codec, sample)));
                let off = (back - i32::from(sample)).abs();
                let allowed = 16.max(i32::from(sample).abs() / 30);
                assert!(off <= allowed, "{codec:?} {sample} came back as {back}");
            }
        }
    }

    #[test]
    fn there_and_back_between_the_laws_is_close() {
        let mut codes: Vec<u8> = (0..=u8::MAX).collect();
        transcode(Codec::Pcmu, Codec::Pcma, &mut codes);
        for (code, other) in (0..=u8::MAX).zip(&codes) {
            let before = i32::from(decode(Codec::Pcmu, code));
            let after = i32::from(decode(Codec::Pcma, *other));
            assert!((before - after).abs() <= 16.max(before.abs() / 16), "{before} {after}");
        }
        let silent = silence(Codec::Pcmu);
        let mut one = [silent];
        transcode(Codec::Pcmu, Codec::Pcma, &mut one);
        assert_eq!(one, [silence(Codec::Pcma)]);
    }
}
