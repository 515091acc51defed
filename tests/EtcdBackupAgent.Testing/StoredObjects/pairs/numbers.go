package main

import (
	"encoding/json"
	"math"
	"math/rand"
	"strconv"
)

type number struct {
	Given   string          `json:"given"`
	Printed json.RawMessage `json:"printed"`
}

// numbers prints doubles of any bits, and decimal numbers of few digits, as Go prints them.
func numbers(lines *json.Encoder, seed int64, count int) error {
	random := rand.New(rand.NewSource(seed))
	for range count {
		value := math.Float64frombits(random.Uint64())
		if random.Intn(2) == 0 {
			value = float64(random.Int63n(1e12)) * math.Pow(10, float64(random.Intn(50)-30))
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			continue
		}
		printed, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if err := lines.Encode(number{strconv.FormatFloat(value, 'e', 17, 64), printed}); err != nil {
			return err
		}
	}
	return nil
}
