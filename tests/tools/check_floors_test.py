#!/usr/bin/python3
"""Tests of tools/check-floors: a small tree that keeps the rules, and one twin for each rule that breaks it."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / 'tools' / 'check-floors'


class CheckFloors(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write('src/base/CMakeLists.txt', 'vs_library(base FLOOR 0)')
        self.write('src/crypto/CMakeLists.txt', 'vs_library(crypto FLOOR 1 DEPS base FOREIGN OpenSSL::Crypto)')
        self.write('src/crypto/digest.cpp', '#include "base/bytes.h"\n#include <openssl/evp.h>\n#include <vector>\n')
        self.write('src/token/CMakeLists.txt', 'vs_library(token FLOOR 2 DEPS crypto)')
        self.write('src/token/jwt.cpp', '#include "base/bytes.h"\n#include "token/jwt.h"\n// <fstream> only in words\n')
        self.write('src/tpmdev/CMakeLists.txt', 'vs_library(tpmdev FLOOR 5 DEPS base)')
        self.write('src/tpmdev/device.cpp', '#include <tss2/tss2_esys.h>\n#include <fstream>\n')
        self.write('apps/authorityd/CMakeLists.txt', 'vs_program(vouchsafe-authorityd DEPS token)')
        self.write('apps/authorityd/main.cpp', '#include "serve.h"\n#include "token/jwt.h"\n')
        self.write('apps/authorityd/serve.h', '')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self):
        return subprocess.run([CHECK, self.root], capture_output=True, text=True, check=False)

    def assert_refused(self, message):
        result = self.run_check()
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(message, result.stdout)

    def test_accepts_a_tree_that_keeps_the_rules(self):
        result = self.run_check()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_refuses_an_include_of_a_higher_floor(self):
        self.write('src/crypto/digest.cpp', '#include "token/jwt.h"\n')
        self.assert_refused('src/crypto/digest.cpp:1: "token/jwt.h": token is no stated dependency of crypto')

    def test_refuses_a_dependency_on_a_higher_floor(self):
        self.write('src/base/CMakeLists.txt', 'vs_library(base FLOOR 0 DEPS crypto)')
        self.assert_refused('crypto is not on a floor below 0')

    def test_refuses_a_foreign_header_away_from_home(self):
        self.write('src/token/jwt.cpp', '\n#include <openssl/evp.h>\n')
        self.assert_refused('src/token/jwt.cpp:2: <openssl/evp.h> belongs in crypto, net alone')

    def test_refuses_files_on_a_pure_floor(self):
        self.write('src/token/jwt.cpp', '#include <fstream>\n')
        self.assert_refused('<fstream> has no place on floor 2')

    def test_refuses_the_wall_clock_on_a_pure_floor(self):
        self.write('src/token/jwt.cpp', 'auto now = std::chrono::system_clock::now();\n')
        self.assert_refused('system_clock::now has no place on floor 2')

    def test_lets_a_test_of_a_pure_floor_read_files(self):
        self.write('src/token/jwt_test.cpp', '#include "tests/support/test_directory.h"\n#include <fstream>\n')
        self.assertEqual(self.run_check().returncode, 0)

    def test_lets_floor_4_lock_but_not_thread(self):
        self.write('src/keyprovider/CMakeLists.txt', 'vs_library(keyprovider FLOOR 4 DEPS base)')
        self.write('src/keyprovider/release.h', '#include <mutex>\n')
        self.assertEqual(self.run_check().returncode, 0)
        self.write('src/keyprovider/release.h', '#include <thread>\n')
        self.assert_refused('<thread> has no place on floor 4')

    def test_refuses_a_lock_on_a_lower_floor(self):
        self.write('src/token/jwt.cpp', '#include <mutex>\n')
        self.assert_refused('<mutex> has no place on floor 2')

    def test_refuses_a_tpm_device_in_the_authority(self):
        self.write('apps/authorityd/CMakeLists.txt', 'vs_program(vouchsafe-authorityd DEPS token tpmdev)')
        self.assert_refused('vouchsafe-authorityd must not contain tpmdev')


if __name__ == '__main__':
    sys.exit(unittest.main())
