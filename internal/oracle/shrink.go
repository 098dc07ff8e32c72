package oracle

// Shrink makes a failing script shorter: it leaves out chunks, half of the script first
// and single steps last, for as long as what is left still fails. Each try runs
// the script anew; budget bounds the steps run in all.
func Shrink(script []Step, budget int, fails func([]Step) bool) []Step {
	for chunk := max(1, len(script)/2); budget > 0; chunk /= 2 {
		for from := 0; from < len(script) && budget > 0; {
			shorter := append(append([]Step{}, script[:from]...), script[min(from+chunk, len(script)):]...)
			budget -= len(shorter)
			if len(shorter) > 0 && fails(shorter) {
				script = shorter
			} else {
				from += chunk
			}
		}
		if chunk == 1 {
			break
		}
	}
	return script
}

// Describe writes a script out, a line a step.
func Describe(script []Step) string {
	text := ""
	for _, s := range script {
		if s.Advance > 0 {
			text += "+" + s.Advance.String() + " "
		}
		text += s.describe() + "\n"
	}
	return text
}
