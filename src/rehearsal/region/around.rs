//! What every part of a region that follows the account has at hand.

use crate::rehearsal::emulator::client::EmulatorClient;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::spec::RegionPlaces;
use crate::rehearsal::region::view::View;
use std::sync::Arc;

/// The region's places, its account, its diary, and what others may see of it.
#[derive(Clone)]
pub(in crate::rehearsal) struct AtHand {
    pub(in crate::rehearsal) places: RegionPlaces,
    pub(in crate::rehearsal) emulator: EmulatorClient,
    pub(in crate::rehearsal) diary: Arc<Diary>,
    pub(in crate::rehearsal) view: Arc<View>,
}
