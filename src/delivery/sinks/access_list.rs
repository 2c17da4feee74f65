//! POSIX access lists. They let the daemon give a file to another user's service without the right to give files away:
//! an ordinary user may set the list of a file that it owns. The kernel keeps a list as the extended attribute
//! `system.posix_acl_access`: a version, and then entries of eight bytes, sorted by tag and id.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{XattrFlags, fgetxattr, fsetxattr, fstat};
use rustix::io::Errno;

use super::account::Id;

const ATTRIBUTE: &str = "system.posix_acl_access";
const VERSION: u32 = 2;
/// The id of entries that are about no account in particular.
const NOBODY: u32 = u32::MAX;
/// Far more than a file has.
const LARGEST: usize = 8 * 1024;

const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const OWNING_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;

pub(super) const READ: u16 = 4;
pub(super) const PASS: u16 = 1;

/// The permissions of each tag and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccessList(BTreeMap<(u16, u32), u16>);

impl AccessList {
    /// The list that a mode stands for.
    pub(super) fn of_mode(mode: u32) -> Self {
        let bits = |shift: u32| u16::try_from(mode >> shift & 7).unwrap_or_default();
        Self(BTreeMap::from([
            ((OWNER, NOBODY), bits(6)),
            ((OWNING_GROUP, NOBODY), bits(3)),
            ((OTHERS, NOBODY), bits(0)),
        ]))
    }

    pub(super) fn of_file(file: impl AsFd) -> io::Result<Self> {
        let mut bytes = vec![0; LARGEST];
        match fgetxattr(&file, ATTRIBUTE, bytes.as_mut_slice()) {
            Ok(length) => Self::decode(&bytes[..length])
                .ok_or_else(|| io::Error::other("its access list cannot be read")),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(Self::of_mode(fstat(file)?.st_mode)),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets an account do this in addition to what it may do already. The mask is what any entry may grant at all.
    pub(super) fn allow(&mut self, account: Id, permission: u16) {
        let key = match account {
            Id::User(id) => (USER, id),
            Id::Group(id) => (GROUP, id),
        };
        *self.0.entry(key).or_default() |= permission;
        let group = self.0.get(&(OWNING_GROUP, NOBODY)).copied();
        *self
            .0
            .entry((MASK, NOBODY))
            .or_insert(group.unwrap_or_default()) |= permission;
    }

    /// Whether an account may do this, by an entry of its own or because everybody may.
    pub(super) fn allows(&self, account: Id, permission: u16) -> bool {
        let key = match account {
            Id::User(id) => (USER, id),
            Id::Group(id) => (GROUP, id),
        };
        let has = |key| {
            self.0
                .get(&key)
                .is_some_and(|held| held & permission == permission)
        };
        has((OTHERS, NOBODY)) || has(key) && has((MASK, NOBODY))
    }

    pub(super) fn set_on(&self, file: impl AsFd) -> io::Result<()> {
        Ok(fsetxattr(
            file,
            ATTRIBUTE,
            &self.encode(),
            XattrFlags::empty(),
        )?)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for ((tag, id), permissions) in &self.0 {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(permissions.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, entries) = bytes.split_first_chunk()?;
        let (entries, rest) = entries.as_chunks::<8>();
        if u32::from_le_bytes(*version) != VERSION || !rest.is_empty() {
            return None;
        }
        let entry = |[tag, tag_high, bits, bits_high, id @ ..]: [u8; 8]| {
            let tag = u16::from_le_bytes([tag, tag_high]);
            (
                (tag, u32::from_le_bytes(id)),
                u16::from_le_bytes([bits, bits_high]),
            )
        };
        Some(Self(entries.iter().copied().map(entry).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_list_survives_the_kernel_and_shows_in_the_mode_as_its_mask() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = File::create(folder.path().join("token"))?;
        file.set_permissions(PermissionsExt::from_mode(0o400))?;
        let mut list = AccessList::of_file(&file)?;
        assert_eq!(list, AccessList::of_mode(0o400));
        list.allow(Id::User(12_345), READ);
        list.allow(Id::Group(12_346), READ);
        list.set_on(&file)?;
        assert_eq!(AccessList::of_file(&file)?, list);
        assert_eq!(file.metadata()?.permissions().mode() & 0o777, 0o440);
        assert!(list.allows(Id::User(12_345), READ) && list.allows(Id::Group(12_346), READ));
        assert!(!list.allows(Id::User(12_346), READ));
        Ok(())
    }

    #[test]
    fn what_is_not_a_list_is_refused() {
        let list = AccessList::of_mode(0o640).encode();
        assert_eq!(AccessList::decode(&list), Some(AccessList::of_mode(0o640)));
        for wrong in [
            &list[..0],
            &list[..3],
            &list[..5],
            &[&[9], &list[1..]].concat(),
        ] {
            assert_eq!(AccessList::decode(wrong), None, "{wrong:?}");
        }
    }
}
