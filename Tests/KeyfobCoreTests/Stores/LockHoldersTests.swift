import Testing

@testable import KeyfobCore

/// The kernel's list of locks, `/proc/locks`.
@Suite struct `The holders of locks` {
    @Test func `are found by device and inode; a process that waits is not a holder`() {
        let holders = LockHolders(
            """
            1: POSIX  ADVISORY  WRITE 7 00:2e:1 0 EOF
            2: FLOCK  ADVISORY  WRITE 1234 00:2e:4711 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 99 00:2e:4711 0 EOF
            3: FLOCK  ADVISORY  READ x 00:2e:12 0 EOF
            """)
        #expect(holders.holder(device: 0x2E, inode: 4711) == 1234)
        #expect(holders.holder(device: 0x2F, inode: 4711) == nil)
        #expect(holders.holder(device: 0x2E, inode: 1) == nil)
        #expect(holders.holder(device: 0x2E, inode: 12) == nil)
        // Large device numbers have some bits elsewhere (makedev(3)).
        #expect(LockHolders("1: FLOCK ADVISORY WRITE 5 103:fe001:7 0 EOF").holder(device: 0xFE010301, inode: 7) == 5)
    }
}
