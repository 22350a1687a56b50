//! Numbers that look random and are the same in each run: each petition has its own, whoever makes it.

/// What every petition's numbers begin with.
const SEED: u64 = 0x6B69_656E_6E67_6869;

/// A series of numbers (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    /// The series of a petition.
    pub(crate) fn of(number: u64) -> Self {
        let mut dice = Self(SEED ^ number.wrapping_mul(0xD134_2543_DE82_EF95));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not, 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From one number up to another.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.share()
    }

    /// A whole number below another; 0 below 1.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        (self.share() * sides as f64) as usize
    }

    /// True as often as this share says.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Mostly little, seldom much (exponential).
    pub(crate) fn around(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }

    /// One of these, the first far more often than the last.
    pub(crate) fn skewed(&mut self, sides: usize) -> usize {
        (self.share().powi(2) * sides as f64) as usize
    }

    /// One of these by weight.
    pub(crate) fn weighed<T: Copy>(&mut self, of: &[(T, f64)]) -> Option<T> {
        let mut rest = self.between(0.0, of.iter().map(|(_, weight)| weight).sum());
        let found = of.iter().find(|(_, weight)| {
            rest -= weight;
            rest < 0.0
        });
        found.or(of.last()).map(|(one, _)| *one)
    }
}
