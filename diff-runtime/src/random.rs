//! A seed enters, a reproducible stream of random numbers leaves: the same on every platform and in every version.

/// SplitMix64 (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators"): a counter that steps by
/// the golden ratio, mixed by two multiplications. Its period is 2^64, far beyond the needs of shuffles and test points.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(Self::GOLDEN_RATIO);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform on `[0, 1)`, with 53 random bits.
    pub(crate) fn next_unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform on `0..bound`, up to a bias below `bound / 2^64`.
    #[cfg(feature = "alloc")]
    pub(crate) fn next_below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_is_the_published_one() {
        // The first outputs for the seed 1234567 of the reference implementation.
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn unit_numbers_are_in_the_half_open_interval() {
        let mut random = SplitMix64::new(7);
        assert!((0..10_000).map(|_| random.next_unit()).all(|x| (0.0..1.0).contains(&x)));
    }

    #[test]
    #[cfg(feature = "alloc")]
    fn bounded_numbers_reach_every_value_and_no_other() {
        let mut random = SplitMix64::new(7);
        let mut seen = [false; 5];
        for _ in 0..200 {
            seen[random.next_below(5)] = true;
        }
        assert_eq!(seen, [true; 5]);
    }
}
