;; The scan of int8 codes against an int16 query, and the unpacking of coarse codes into such codes: baseline SIMD, four
;; interleaved rows at a time (docs/FORMAT.md 2.9). Memory is the caller's; all addresses are bytes, all multiples of 16 but $mask.
(module
  (import "env" "memory" (memory 1))

  ;; Dot products of the rows of $groups groups of four, from the group whose codes start at $codes.
  ;; Rows whose bit in $mask is 0 are left out; $first is the row number of the first group's first row
  ;; and the number of its bit (both multiples of 8). Each dot product above $threshold is written to
  ;; $out as two i32: the row and the dot product. Returns how many were written.
  (func (export "scan")
    (param $codes i32) (param $groups i32) (param $paddedDim i32) (param $query i32)
    (param $mask i32) (param $first i32) (param $threshold i32) (param $out i32) (result i32)
    (local $start i32) (local $group i32) (local $bits i32) (local $end i32) (local $q i32) (local $row i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $low v128) (local $high v128) (local $dots v128) (local $limit v128)
    (local.set $start (local.get $out))
    (local.set $limit (i32x4.splat (local.get $threshold)))
    (if (i32.eqz (local.get $groups)) (then (return (i32.const 0))))
    (loop $next
      ;; The four bits of this group.
      (local.set $bits (i32.and (i32.const 15) (i32.shr_u
        (i32.load8_u (i32.add (local.get $mask) (i32.shr_u (i32.add (local.get $first) (i32.shl (local.get $group) (i32.const 2))) (i32.const 3))))
        (i32.shl (i32.and (local.get $group) (i32.const 1)) (i32.const 2)))))
      (local.set $end (i32.add (local.get $codes) (i32.shl (local.get $paddedDim) (i32.const 2))))
      (if (i32.eqz (local.get $bits))
        (then (local.set $codes (local.get $end)))
        (else
          (local.set $q (local.get $query))
          (local.set $a0 (v128.const i32x4 0 0 0 0))
          (local.set $a1 (v128.const i32x4 0 0 0 0))
          (local.set $a2 (v128.const i32x4 0 0 0 0))
          (local.set $a3 (v128.const i32x4 0 0 0 0))
          ;; 16 dimensions of four rows: 64 bytes of codes, 32 of the query.
          (loop $chunk
            (local.set $low (v128.load (local.get $q)))
            (local.set $high (v128.load offset=16 (local.get $q)))
            (local.set $a0 (i32x4.add (local.get $a0) (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $codes)) (local.get $low))))
            (local.set $a1 (i32x4.add (local.get $a1) (i32x4.dot_i16x8_s (v128.load8x8_s offset=16 (local.get $codes)) (local.get $low))))
            (local.set $a2 (i32x4.add (local.get $a2) (i32x4.dot_i16x8_s (v128.load8x8_s offset=32 (local.get $codes)) (local.get $low))))
            (local.set $a3 (i32x4.add (local.get $a3) (i32x4.dot_i16x8_s (v128.load8x8_s offset=48 (local.get $codes)) (local.get $low))))
            (local.set $a0 (i32x4.add (local.get $a0) (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $codes)) (local.get $high))))
            (local.set $a1 (i32x4.add (local.get $a1) (i32x4.dot_i16x8_s (v128.load8x8_s offset=24 (local.get $codes)) (local.get $high))))
            (local.set $a2 (i32x4.add (local.get $a2) (i32x4.dot_i16x8_s (v128.load8x8_s offset=40 (local.get $codes)) (local.get $high))))
            (local.set $a3 (i32x4.add (local.get $a3) (i32x4.dot_i16x8_s (v128.load8x8_s offset=56 (local.get $codes)) (local.get $high))))
            (local.set $q (i32.add (local.get $q) (i32.const 32)))
            (br_if $chunk (i32.lt_u (local.tee $codes (i32.add (local.get $codes) (i32.const 64))) (local.get $end))))
          ;; The sums of the lanes of each accumulator, in one vector: a 4 × 4 transposition in two steps.
          (local.set $low (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1))))
          (local.set $high (i32x4.add
            (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3))
            (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3))))
          (local.set $dots (i32x4.add
            (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $high))
            (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $high))))
          (if (local.tee $bits (i32.and (local.get $bits) (i32x4.bitmask (i32x4.gt_s (local.get $dots) (local.get $limit)))))
            (then
              (local.set $row (i32.add (local.get $first) (i32.shl (local.get $group) (i32.const 2))))
              (if (i32.and (local.get $bits) (i32.const 1)) (then
                (i32.store (local.get $out) (local.get $row))
                (i32.store offset=4 (local.get $out) (i32x4.extract_lane 0 (local.get $dots)))
                (local.set $out (i32.add (local.get $out) (i32.const 8)))))
              (if (i32.and (local.get $bits) (i32.const 2)) (then
                (i32.store (local.get $out) (i32.add (local.get $row) (i32.const 1)))
                (i32.store offset=4 (local.get $out) (i32x4.extract_lane 1 (local.get $dots)))
                (local.set $out (i32.add (local.get $out) (i32.const 8)))))
              (if (i32.and (local.get $bits) (i32.const 4)) (then
                (i32.store (local.get $out) (i32.add (local.get $row) (i32.const 2)))
                (i32.store offset=4 (local.get $out) (i32x4.extract_lane 2 (local.get $dots)))
                (local.set $out (i32.add (local.get $out) (i32.const 8)))))
              (if (i32.and (local.get $bits) (i32.const 8)) (then
                (i32.store (local.get $out) (i32.add (local.get $row) (i32.const 3)))
                (i32.store offset=4 (local.get $out) (i32x4.extract_lane 3 (local.get $dots)))
                (local.set $out (i32.add (local.get $out) (i32.const 8)))))))))
      (br_if $next (i32.lt_u (local.tee $group (i32.add (local.get $group) (i32.const 1))) (local.get $groups))))
    (i32.shr_u (i32.sub (local.get $out) (local.get $start)) (i32.const 3)))

  ;; Values 2c − 2^bits + 1 of $rows packed codes of $rowBytes at $packed, interleaved from the row $first on in the codes at $codes.
  ;; $table has 144 bytes for each of the $groups groups of 16 directions: bytes of the window of each code (2 × 16), its bits in
  ;; the window (2 × 8 i16), what moves them to bit 8 (2 × 8), 2^bits − 1 (2 × 8), and where the group begins in a row (i32).
  ;; Up to 15 bytes behind the packed codes are read.
  (func (export "unpack")
    (param $packed i32) (param $rows i32) (param $rowBytes i32) (param $codes i32) (param $first i32) (param $groups i32) (param $table i32)
    (local $row i32) (local $group i32) (local $at i32) (local $to i32) (local $bytes v128)
    (if (i32.or (i32.eqz (local.get $rows)) (i32.eqz (local.get $groups))) (then (return)))
    (loop $next
      (local.set $row (local.get $first))
      (local.set $to (i32.add (local.get $codes) (i32.add
        (i32.shl (i32.mul (i32.shr_u (local.get $row) (i32.const 2)) (local.get $groups)) (i32.const 6))
        (i32.shl (i32.and (local.get $row) (i32.const 3)) (i32.const 4)))))
      (local.set $at (local.get $table))
      (local.set $group (i32.const 0))
      (loop $chunk
        (local.set $bytes (v128.load (i32.add (local.get $packed) (i32.load offset=128 (local.get $at)))))
        (v128.store (local.get $to) (i8x16.narrow_i16x8_s
          (i16x8.sub
            (i16x8.shr_u (i16x8.mul (v128.and (i8x16.swizzle (local.get $bytes) (v128.load (local.get $at))) (v128.load offset=32 (local.get $at)))
              (v128.load offset=64 (local.get $at))) (i32.const 7))
            (v128.load offset=96 (local.get $at)))
          (i16x8.sub
            (i16x8.shr_u (i16x8.mul (v128.and (i8x16.swizzle (local.get $bytes) (v128.load offset=16 (local.get $at))) (v128.load offset=48 (local.get $at)))
              (v128.load offset=80 (local.get $at))) (i32.const 7))
            (v128.load offset=112 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 144)))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (br_if $chunk (i32.lt_u (local.tee $group (i32.add (local.get $group) (i32.const 1))) (local.get $groups))))
      (local.set $packed (i32.add (local.get $packed) (local.get $rowBytes)))
      (local.set $first (i32.add (local.get $first) (i32.const 1)))
      (br_if $next (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))))
