import FoundationEssentials
import Testing

/// Checks the committed corpus of the fuzzer (Tests/Fuzz/run) again in every test run.
@Suite struct `The fuzzer's corpus` {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "corpus")

    @Test(arguments: FuzzTarget.allCases)
    func `is harmless`(to target: FuzzTarget) throws {
        let directory = Self.corpus.appending(path: target.rawValue).path
        let files = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(!files.isEmpty)
        for file in files.sorted() {
            let input = try Data(contentsOf: URL(filePath: directory).appending(path: file))
            #expect(throws: Never.self, "\(target.rawValue)/\(file)") { try target.check(Array(input)) }
        }
    }

    @Test func `has one directory for each target`() throws {
        let directories = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(directories.sorted() == FuzzTarget.allCases.map(\.rawValue).sorted())
    }

    @Test func `has only small inputs, and a broken invariant is reported`() throws {
        for target in FuzzTarget.allCases {
            let directory = Self.corpus.appending(path: target.rawValue).path
            for file in try FileManager.default.contentsOfDirectory(atPath: directory) {
                let size = try Data(contentsOf: URL(filePath: directory).appending(path: file)).count
                #expect(size <= 8192, "\(target.rawValue)/\(file)")
            }
        }
        #expect(throws: Violation.self) { try require(false, "broken") }
    }
}
