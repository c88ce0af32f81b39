//! ITU-T G.711: tables to linear and from one law to the other.

/// One of the two companding laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    U,
    A,
}

impl Law {
    pub const ALL: [Law; 2] = [Law::U, Law::A];
}

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
pub fn silence(law: Law) -> u8 {
    match law {
        Law::U => 0xff,
        Law::A => 0xd5,
    }
}

/// Linear 16-bit samples, one for each code.
pub fn table(law: Law) -> &'static [i16; 256] {
    match law {
        Law::U => &ULAW_TO_LINEAR,
        Law::A => &ALAW_TO_LINEAR,
    }
}

pub fn decode(law: Law, code: u8) -> i16 {
    table(law).get(usize::from(code)).copied().unwrap_or(0)
}

/// Decodes as much as fits.
pub fn decode_into(law: Law, codes: &[u8], samples: &mut [i16]) {
    let table = table(law);
    for (sample, code) in samples.iter_mut().zip(codes) {
        *sample = table.get(usize::from(*code)).copied().unwrap_or(0);
    }
}

pub fn encode(law: Law, sample: i16) -> u8 {
    match law {
        Law::U => linear_to_ulaw(sample),
        Law::A => linear_to_alaw(sample),
    }
}

/// Changes the law in place.
pub fn transcode(from: Law, to: Law, codes: &mut [u8]) {
    let table = match (from, to) {
        (Law::U, Law::A) => &ULAW_TO_ALAW,
        (Law::A, Law::U) => &ALAW_TO_ULAW,
        (Law::U, Law::U) | (Law::A, Law::A) => return,
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
        let check = |law, code, sample| assert_eq!(decode(law, code), sample, "{law:?} {code:#x}");
        check(Law::U, 0xff, 0);
        check(Law::U, 0x7f, 0);
        check(Law::U, 0x80, 32_124);
        check(Law::U, 0x00, -32_124);
        check(Law::U, 0xfe, 8);
        check(Law::A, 0xd5, 8);
        check(Law::A, 0x55, -8);
        check(Law::A, 0xaa, 32_256);
        check(Law::A, 0x2a, -32_256);
    }

    #[test]
    fn a_code_survives_decoding_and_encoding() {
        for code in 0..=u8::MAX {
            assert_eq!(encode(Law::A, decode(Law::A, code)), code, "A {code:#x}");
            // u-law has two zeros.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(encode(Law::U, decode(Law::U, code)), expected, "u {code:#x}");
        }
    }

    #[test]
    fn encoding_is_off_by_half_a_step_at_most() {
        for law in Law::ALL {
            for sample in (i16::MIN..=i16::MAX).step_by(7) {
                let back = i32::from(decode(law, encode(law, sample)));
                let off = (back - i32::from(sample)).abs();
                let allowed = 16.max(i32::from(sample).abs() / 30);
                assert!(off <= allowed, "{law:?} {sample} came back as {back}");
            }
        }
    }

    #[test]
    fn there_and_back_between_the_laws_is_close() {
        let mut codes: Vec<u8> = (0..=u8::MAX).collect();
        transcode(Law::U, Law::A, &mut codes);
        for (code, other) in (0..=u8::MAX).zip(&codes) {
            let before = i32::from(decode(Law::U, code));
            let after = i32::from(decode(Law::A, *other));
            assert!((before - after).abs() <= 16.max(before.abs() / 16), "{before} {after}");
        }
        let silent = silence(Law::U);
        let mut one = [silent];
        transcode(Law::U, Law::A, &mut one);
        assert_eq!(one, [silence(Law::A)]);
    }
}
